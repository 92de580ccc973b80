import Foundation

extension Child {
  /// Of one of this package's programs; a path is taken as it is.
  package static func path(of program: String) -> String {
    program.hasPrefix("/") ? program : products + "/" + program
  }

  /// The test's environment, but for what kvclient and kvload would take from it, and with `own`.
  package static func environment(with own: [String: String] = [:]) -> [String: String] {
    var inherited = ProcessInfo.processInfo.environment
    inherited["KV_HOSTS"] = nil
    inherited["KV_OUTPUT"] = nil
    return inherited.merging(own) { $1 }
  }

  /// Starts `program` (a path, or one of this package's programs) in `directory`, where its output goes too.
  package convenience init(
    _ program: String, _ arguments: [String], in directory: Directory, name: String = "child",
    environment: [String: String] = [:], stdin: String = "/dev/null"
  ) throws {
    try self.init(
      [Child.path(of: program)] + arguments, in: directory.path, output: directory.path + "/" + name,
      environment: Child.environment(with: environment), input: .file(stdin), keeping: directory)
  }
}
