import Foundation
import Load

/// Writes the report where the command line wants it.
struct Output {
  private let command: KVLoad
  private let console: Console

  init(_ command: KVLoad, _ console: Console) { (self.command, self.console) = (command, console) }

  func write(_ report: LoadReport) throws(UsageError) {
    if command.json == "-" {
      console.put(report.json(), to: STDOUT_FILENO)
    } else {
      if report.sweep == nil { console.put(report.steps[0].table(), to: STDOUT_FILENO) }
      try write("--json", command.json) { report.json() }
    }
    try write("--csv", command.csv) { report.csv() }
    try write("--html", command.html) { report.page() }
    for (suffix, text) in report.distributions() {
      try write("--hgrm", command.hgrm.map { Self.inserting(suffix, into: $0) }) { text }
    }
  }

  private func write(_ option: String, _ path: String?, _ text: () -> String) throws(UsageError) {
    guard let path else { return }
    do {
      try Data(text().utf8).write(to: URL(fileURLWithPath: path))
    } catch {
      throw UsageError("\(option) \(path): \(error.localizedDescription)")
    }
  }

  /// Before the extension: `a.hgrm` becomes `a.reads.hgrm`.
  static func inserting(_ suffix: String, into path: String) -> String {
    let url = URL(fileURLWithPath: path)
    if suffix.isEmpty || url.pathExtension.isEmpty { return path + suffix }
    return String(path.dropLast(url.pathExtension.count + 1)) + suffix + "." + url.pathExtension
  }
}

/// What this runs on.
enum Machine {
  static func circumstances() -> Circumstances {
    var it = Circumstances()
    it.version = KVLoad.version
    it.arguments = Array(CommandLine.arguments.dropFirst())
    it.began = Date().formatted(.iso8601)
    it.cpu = cpu()
    it.processors = ProcessInfo.processInfo.activeProcessorCount
    it.kernel = ["ostype", "osrelease"].map { text("/proc/sys/kernel/\($0)") }.joined(separator: " ")
    return it
  }

  private static func cpu() -> String {
    let lines = text("/proc/cpuinfo").split(separator: "\n")
    let model = lines.first { $0.hasPrefix("model name") || $0.hasPrefix("Model") }
    return model?.split(separator: ":", maxSplits: 1).last?.trimmingCharacters(in: .whitespaces) ?? "unknown"
  }

  private static func text(_ path: String) -> String {
    let data = FileManager.default.contents(atPath: path) ?? Data()
    return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
