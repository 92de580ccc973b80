import Foundation
import XCTest

/// A process that a test started: its output goes to files in its directory, and it ends with the test,
/// by its own id; should the test's process die first, the kernel ends it.
final class Child {
  enum Failure: Error { case spawn(Int32), stillRuns(String) }

  let pid: pid_t
  let directory: Directory
  private let name: String
  private var status: Int32?

  /// Starts `program` (a path, or one of this package's programs) in `directory`.
  init(
    _ program: String, _ arguments: [String], in directory: Directory, name: String = "child",
    environment: [String: String] = [:], stdin: String = "/dev/null"
  ) throws {
    let path = program.hasPrefix("/") ? program : Child.products + "/" + program
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let flags = O_WRONLY | O_CREAT | O_TRUNC
    posix_spawn_file_actions_addopen(&actions, 0, stdin, O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, directory.path + "/\(name).stdout", flags, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, directory.path + "/\(name).stderr", flags, 0o600)

    // Each of these replaces itself by the next: the process that is left is the program.
    let words =
      ["/usr/bin/env", "-C", directory.path, "setpriv", "--pdeathsig", "KILL", "--", path] + arguments
    var inherited = ProcessInfo.processInfo.environment
    inherited["KV_HOSTS"] = nil
    inherited["KV_OUTPUT"] = nil
    let variables = inherited.merging(environment) { $1 }.map { "\($0)=\($1)" }
    var pid: pid_t = 0
    let result = Child.withCStrings(words) { argv in
      Child.withCStrings(variables) { envp in posix_spawn(&pid, words[0], &actions, nil, argv, envp) }
    }
    guard result == 0 else { throw Failure.spawn(result) }
    self.pid = pid
    self.directory = directory
    self.name = name
  }

  deinit { end() }

  /// Where SwiftPM put the programs: beside the test bundle that runs.
  static let products = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent().path

  var stdout: String { directory.read("\(name).stdout") }
  var stderr: String { directory.read("\(name).stderr") }

  func signal(_ number: Int32) { if status == nil { kill(pid, number) } }

  /// Exit status, or 128 + the signal that ended it; nil while it runs.
  func poll() -> Int32? {
    if status != nil { return status }
    var raw: Int32 = 0
    guard waitpid(pid, &raw, WNOHANG) == pid else { return nil }
    status = raw & 0x7f == 0 ? (raw >> 8) & 0xff : 128 + (raw & 0x7f)
    return status
  }

  func waitForExit(seconds: Double = 20) throws -> Int32 {
    guard waitUntil(seconds: seconds, { self.poll() != nil }), let status else {
      throw Failure.stillRuns("\(name) after \(seconds) s: \(stderr)")
    }
    return status
  }

  func end() {
    guard poll() == nil else { return }
    kill(pid, SIGKILL)
    var raw: Int32 = 0
    waitpid(pid, &raw, 0)
    status = 128 + SIGKILL
  }

  private static func withCStrings<Result>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
  ) -> Result {
    let copies = strings.map { strdup($0) }
    defer { copies.forEach { free($0) } }
    return body(copies + [nil])
  }
}

/// A temporary directory that goes with its last user.
final class Directory {
  let path: String

  init() throws {
    var template = Array((NSTemporaryDirectory() + "/quorate-XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else { throw Child.Failure.spawn(errno) }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/" + name))
  }

  func read(_ name: String) -> String {
    String(decoding: FileManager.default.contents(atPath: path + "/" + name) ?? Data(), as: UTF8.self)
  }
}

/// Waits for a condition of another process, for which there is no event to wait on.
func waitUntil(seconds: Double, _ condition: () -> Bool) -> Bool {
  let limit = Date().addingTimeInterval(seconds)
  while !condition() {
    if Date() > limit { return false }
    usleep(2_000)
  }
  return true
}
