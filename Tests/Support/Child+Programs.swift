import Foundation
import Support

extension Child {
  /// Starts `program` (a path, or one of this package's programs) in `directory`, where its output goes too. It has
  /// the test's environment, but for what kvclient would take from it.
  convenience init(
    _ program: String, _ arguments: [String], in directory: Directory, name: String = "child",
    environment: [String: String] = [:], stdin: String = "/dev/null"
  ) throws {
    let path = program.hasPrefix("/") ? program : Child.products + "/" + program
    var inherited = ProcessInfo.processInfo.environment
    inherited["KV_HOSTS"] = nil
    inherited["KV_OUTPUT"] = nil
    try self.init(
      [path] + arguments, in: directory.path, output: directory.path + "/" + name,
      environment: inherited.merging(environment) { $1 }, input: .file(stdin), keeping: directory)
  }
}
