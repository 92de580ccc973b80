import Foundation
import UV

/// One run of a built program to its end, beside the loop that its servers live on.
package struct ProgramRun {
  package let stdout: String
  package let stderr: String
  /// -1 where it did not end.
  package let status: Int32

  /// `program`: one of this package's, or a path. It has the test's environment, but for what would lead it to other
  /// servers, and `environment`. `whileRunning` is called again and again.
  package init(
    _ program: String, _ arguments: [String], on loop: Loop, in directory: URL,
    environment: [String: String] = [:], stdin: Data? = nil, whileRunning: (Child) -> Void = { _ in },
    file: StaticString = #filePath, line: UInt = #line
  ) throws {
    let name = directory.appendingPathComponent("run.\(UUID().uuidString)").path
    if let stdin { try stdin.write(to: URL(fileURLWithPath: name + ".stdin")) }
    // A program that leaves its connections to the end of the process does not leak them.
    let environment = environment.merging(["ASAN_OPTIONS": "detect_leaks=0"]) { own, _ in own }
    let child = try Child(
      [Child.path(of: program)] + arguments, in: directory.path, output: name,
      environment: Child.environment(with: environment),
      input: stdin == nil ? .nothing : .file(name + ".stdin"))
    defer { child.end() }
    let turns = UV.Timer(loop) {}
    turns.start(after: 2, repeating: 2)
    defer { turns.close() }
    loop.wait("the end of \(program) \(arguments)", file: file, line: line) {
      whileRunning(child)
      return !child.isRunning
    }
    status = child.poll() ?? -1
    stdout = child.stdout
    stderr = child.stderr
  }
}
