import Foundation

/// A breach of a rule: where, and which rule.
struct Breach: Equatable, CustomStringConvertible {
  var place: String
  var rule: String
  var description: String { "\(place): \(rule)" }
}

enum Rules {
  static let fileLinesMax = 500
  static let functionLinesMax = 70

  /// What each layer may import; imports point down only.
  static let imports: [String: Set<String>] = [
    // ground
    "Bytes": [],
    "UV": ["Bytes", "CLibUV", "Glibc"],
    // core
    "KVStore": ["Bytes"],
    "VSR": ["Bytes", "KVStore"],
    // codecs
    "HTTP": ["Bytes"],
    "Servers": ["Bytes"],
    "Wire": ["Bytes", "VSR", "KVStore"],
    "Journal": ["Bytes"],
    "History": ["Bytes"],
    "Faults": ["Bytes", "History"],
    // shell
    "Transport": ["Bytes", "UV", "Glibc", "Servers", "VSR", "KVStore", "Wire"],
    "Disk": ["Bytes", "UV", "KVStore", "VSR", "Wire", "Journal"],
    "Frontend": ["Bytes", "UV", "Glibc", "HTTP", "KVStore"],
    "Client": ["Bytes", "UV", "Glibc", "HTTP", "Servers"],
    "Replication": [
      "Bytes", "UV", "HTTP", "Servers", "KVStore", "VSR", "Wire", "Frontend", "Transport", "Disk",
    ],
    "Load": ["Bytes", "UV", "Glibc", "HTTP", "Servers", "History", "Histogram"],
    "Simulator": ["Bytes", "KVStore", "VSR", "Wire", "Journal", "History", "Faults"],
    "Drill": ["Bytes", "UV", "Foundation", "HTTP", "Servers", "History", "Faults"],
    "Scenario": ["Bytes", "KVStore", "VSR", "Wire", "Journal"],
    "Arguments": ["ArgumentParser"],
    // programs
    "KVNode": [
      "Bytes", "UV", "Glibc", "CGetopt", "KVStore", "VSR", "HTTP", "Servers", "Wire", "Journal", "Transport",
      "Disk",
      "Frontend", "Replication",
    ],
    "KVClient": ["Bytes", "UV", "Glibc", "CGetopt", "HTTP", "Servers", "Client"],
    "KVLoad": [
      "Bytes", "UV", "Glibc", "Foundation", "ArgumentParser", "Arguments", "HTTP", "Servers", "History",
      "Load",
    ],
    "KVSim": [
      "Bytes", "Glibc", "CGetopt", "Foundation", "ArgumentParser", "Arguments", "KVStore", "VSR", "Wire",
      "Journal", "History",
      "Simulator", "Faults",
    ],
    "KVDrill": ["Servers", "Foundation", "ArgumentParser", "Arguments", "Faults", "Drill"],
  ]

  /// C declarations only; no Swift of ours.
  static let systemLibraries: Set<String> = ["CLibUV", "CGetopt"]

  /// `path`: from the top of the repository.
  static func importBreaches(_ path: String, _ source: String) -> [Breach] {
    let parts = path.split(separator: "/")
    guard parts.count > 2, parts[0] == "Sources" else { return [] }
    let module = String(parts[1])
    guard let allowed = imports[module] else {
      return [Breach(place: path, rule: "\(module) has no row in the import table of Tests/TidyTests")]
    }
    return importedModules(source).filter { !allowed.contains($0) }.map {
      Breach(place: path, rule: "\(module) may not import \($0): \(reason($0))")
    }
  }

  private static func reason(_ module: String) -> String {
    switch module {
    case "CLibUV": "only UV imports CLibUV"
    case "Foundation": "no Foundation outside tests, load and simulation"
    case "UV", "Glibc": "this layer knows no loop and no system"
    default: "imports point down only"
    }
  }

  static func importedModules(_ source: String) -> [String] {
    SwiftText(source).text.split(separator: "\n").compactMap { line in
      let words = line.split(whereSeparator: \.isWhitespace)
      guard let index = words.firstIndex(of: "import"), index + 1 < words.count else { return nil }
      guard words[..<index].allSatisfy({ $0.hasPrefix("@") || modifiers.contains($0) }) else { return nil }
      // `import struct Module.Type` names the module second.
      let name =
        kinds.contains(words[index + 1]) && index + 2 < words.count ? words[index + 2] : words[index + 1]
      return name.split(separator: ".").first.map(String.init)
    }
  }

  /// Types that a module shows to others, nested ones left out: they are named by what they are in.
  static func sharedTypes(_ source: String) -> [String] {
    SwiftText(source).text.split(separator: "\n").compactMap { line in
      guard line.first?.isWhitespace == false else { return nil }
      let words = line.split { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == "@") }
      guard let index = words.firstIndex(where: typeKinds.contains), index + 1 < words.count,
        words[..<index].contains(where: { $0 == "package" || $0 == "public" })
      else { return nil }
      return String(words[index + 1])
    }
  }

  /// Type names that more than one module has. `sources`: the text of each file, by its path.
  static func sharedNameBreaches(_ sources: [String: String]) -> [Breach] {
    var modules: [String: Set<String>] = [:]
    for (path, source) in sources {
      let module = String(path.split(separator: "/")[1])
      for type in sharedTypes(source) { modules[type, default: []].insert(module) }
    }
    return modules.filter { $0.value.count > 1 }.sorted { $0.key < $1.key }.map { type, modules in
      Breach(place: modules.sorted().joined(separator: ", "), rule: "no module shares a type's name: \(type)")
    }
  }

  private static let typeKinds: Set<Substring> = [
    "struct", "class", "enum", "protocol", "typealias", "actor",
  ]

  private static let modifiers: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
  private static let kinds: Set<Substring> = [
    "struct", "class", "enum", "protocol", "typealias", "func", "let", "var", "actor",
  ]

  static func sizeBreaches(_ path: String, _ source: String) -> [Breach] {
    var breaches: [Breach] = []
    let lines = source.utf8.count { $0 == 10 }
    if lines > fileLinesMax {
      breaches.append(Breach(place: path, rule: "\(lines) lines, over \(fileLinesMax)"))
    }
    guard path.hasSuffix(".swift") else { return breaches }
    for function in Functions(source).found where function.lines > functionLinesMax {
      breaches.append(
        Breach(
          place: "\(path):\(function.line)",
          rule: "\(function.name) has \(function.lines) lines, over \(functionLinesMax)"))
    }
    return breaches
  }

  /// The paper's words, and none of its rivals'.
  static let vocabulary = [
    "leader": "primary", "leaders": "primaries", "follower": "backup", "followers": "backups",
    "term": "view", "terms": "views", "master": "primary", "masters": "primaries",
  ]

  static func vocabularyBreaches(_ path: String, _ text: String) -> [Breach] {
    // What iproute2 calls a bridge's place is its word, not ours.
    numbered(text).filter { !$1.contains("ip link set") }.flatMap { number, line in
      words(line).compactMap { word in
        vocabulary[word].map { Breach(place: "\(path):\(number)", rule: "say \($0), not \(word)") }
      }
    }
  }

  /// Words in lower case; an identifier's parts count as words.
  static func words(_ line: Substring) -> [String] {
    var found: [String] = []
    var word = ""
    var wasLower = false
    for character in line {
      let isLetter = character.isLetter
      if !isLetter || (wasLower && character.isUppercase) {
        if !word.isEmpty { found.append(word.lowercased()) }
        word = ""
      }
      if isLetter { word.append(character) }
      wasLower = character.isLowercase
    }
    return word.isEmpty ? found : found + [word.lowercased()]
  }

  /// Put together here, so that this file does not breach its own rule.
  static let promises = ["TO" + "DO", "FIX" + "ME"]

  static func promiseBreaches(_ path: String, _ text: String) -> [Breach] {
    numbered(text).flatMap { number, line in
      promises.filter { line.contains($0) }.map {
        Breach(place: "\(path):\(number)", rule: "\($0): do it, or file an issue")
      }
    }
  }

  private static func numbered(_ text: String) -> [(Int, Substring)] {
    text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map { ($0 + 1, $1) }
  }
}
