import Foundation

/// Links between the repository's documents.
enum Links {
  /// Relative targets of Markdown links in `text`, without their anchors.
  static func targets(_ text: String) -> [String] {
    var found: [String] = []
    var rest = Substring(text)
    while let open = rest.range(of: "](") {
      rest = rest[open.upperBound...]
      guard let close = rest.firstIndex(of: ")") else { break }
      let target = rest[..<close].split(separator: "#", omittingEmptySubsequences: false)[0]
      if !target.isEmpty, !target.contains(":") { found.append(String(target)) }
      rest = rest[close...]
    }
    return found
  }

  /// Documents under docs/ that no chain of links leads to, and links that lead nowhere.
  /// `files`: every path of the repository, `read`: their text.
  static func breaches(_ files: Set<String>, read: (String) -> String) -> [Breach] {
    var reached: Set<String> = ["README.md", "docs/README.md"]
    var waiting = reached.filter(files.contains).sorted()
    var breaches: [Breach] = []
    while let path = waiting.popLast() {
      for target in targets(read(path)) {
        let resolved = resolve(target, from: path)
        guard files.contains(resolved) || files.contains(where: { $0.hasPrefix(resolved + "/") }) else {
          breaches.append(Breach(place: path, rule: "the link to \(target) leads nowhere"))
          continue
        }
        if reached.insert(resolved).inserted, resolved.hasSuffix(".md") { waiting.append(resolved) }
      }
    }
    let lost = files.filter { $0.hasPrefix("docs/") && !reached.contains($0) }.sorted()
    return breaches
      + lost.map { Breach(place: $0, rule: "no link from README.md or docs/README.md leads here") }
  }

  static func resolve(_ target: String, from path: String) -> String {
    var parts = path.split(separator: "/").dropLast().map(String.init)
    for part in target.split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(String(part)) }
    }
    return parts.joined(separator: "/")
  }
}
