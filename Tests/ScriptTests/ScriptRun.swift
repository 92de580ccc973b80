import Foundation
import XCTest

/// One run of a script to its end.
struct ScriptRun {
  let stdout: String
  let stderr: String
  let status: Int32

  /// Runs `words`; the first is a path. The output goes to files, which what a script leaves running may hold open.
  init(_ words: [String], in directory: URL, environment: [String: String]) throws {
    let started = try ScriptProcess(words, in: directory, environment: environment)
    defer { started.end() }
    status = started.waitForExit()
    stdout = started.stdout
    stderr = started.stderr
  }
}

/// A process that goes on beside the test. It ends with the test, by its own pid; should the test's process die
/// first, the kernel ends it. Not Foundation's `Process`: that waits for what a script leaves running as well.
final class ScriptProcess {
  let pid: pid_t
  private let words: [String]
  private let output: URL
  private let errors: URL
  private var status: Int32?

  /// Starts `words`; the first is a path. `input`: a descriptor to read from, else there is nothing to read.
  init(_ words: [String], in directory: URL, environment: [String: String], input: Int32? = nil) throws {
    self.words = words
    output = directory.appendingPathComponent("stdout.\(UUID().uuidString)")
    errors = directory.appendingPathComponent("stderr.\(UUID().uuidString)")
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if let input {
      posix_spawn_file_actions_adddup2(&actions, input, 0)
    } else {
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    }
    let flags = O_WRONLY | O_CREAT | O_TRUNC
    posix_spawn_file_actions_addopen(&actions, 1, output.path, flags, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, errors.path, flags, 0o600)
    // Each of these replaces itself by the next: the process that is left is the script's.
    let wrapped =
      ["/usr/bin/env", "-C", directory.path, "/usr/bin/setpriv", "--pdeathsig", "KILL", "--"] + words
    var pid: pid_t = 0
    let result = withCStrings(wrapped) { argv in
      withCStrings(environment.map { "\($0)=\($1)" }) {
        posix_spawn(&pid, wrapped[0], &actions, nil, argv, $0)
      }
    }
    guard result == 0 else { throw POSIXError(POSIXErrorCode(rawValue: result) ?? .EIO) }
    self.pid = pid
  }

  deinit { end() }

  var isRunning: Bool { poll() == nil }
  var stdout: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }
  var stderr: String { (try? String(contentsOf: errors, encoding: .utf8)) ?? "" }

  /// Exit status, or 128 + the signal that ended it; nil while it runs.
  private func poll() -> Int32? {
    if status != nil { return status }
    var raw: Int32 = 0
    guard waitpid(pid, &raw, WNOHANG) == pid else { return nil }
    status = raw & 0x7f == 0 ? (raw >> 8) & 0xff : 128 + (raw & 0x7f)
    return status
  }

  func signal(_ number: Int32) { if isRunning { kill(pid, number) } }

  func waitForExit(file: StaticString = #filePath, line: UInt = #line) -> Int32 {
    waitUntil("\(words) ends", file: file, line: line) { !isRunning }
    return status ?? -1
  }

  func end() {
    guard isRunning else { return }
    kill(pid, SIGKILL)
    var raw: Int32 = 0
    waitpid(pid, &raw, 0)
    status = 128 + SIGKILL
  }
}

private func withCStrings<Result>(
  _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
  let copies = strings.map { strdup($0) }
  defer { copies.forEach { free($0) } }
  return body(copies + [nil])
}

/// Waits for what another process does, for which there is no event to wait on; fails after a minute.
@discardableResult
func waitUntil(
  _ what: String, file: StaticString = #filePath, line: UInt = #line, _ condition: () -> Bool
) -> Bool {
  let limit = Date().addingTimeInterval(60)
  while !condition() {
    if Date() > limit {
      XCTFail("waited in vain until \(what)", file: file, line: line)
      return false
    }
    usleep(5_000)
  }
  return true
}

/// Whether the process exists and is not a zombie.
func isAlive(_ pid: pid_t) -> Bool {
  guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
    let name = stat.range(of: ") ", options: .backwards)
  else { return false }
  return !["Z", "X"].contains(stat[name.upperBound...].prefix(1))
}

/// A listening socket on loopback, for as long as this lives.
final class TakenPort {
  let port: UInt16
  private let descriptor: Int32

  /// `base`: the first port that is tried; below the range from which the kernel takes a connection's own port,
  /// so that none of those comes in the way.
  init(from base: UInt16) throws {
    for port in base..<(base + 500) {
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
      let bound = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      if bound == 0, listen(descriptor, 16) == 0 {
        self.port = port
        self.descriptor = descriptor
        return
      }
      close(descriptor)
    }
    throw POSIXError(.EADDRINUSE)
  }

  deinit { close(descriptor) }
}

/// The first of `count` ports in a row that were free a moment ago.
func freePorts(_ count: UInt16) throws -> UInt16 {
  for _ in 0..<100 {
    let base = UInt16.random(in: 10_000..<32_000)
    let taken = (0..<count).compactMap { try? TakenPort(from: base + $0) }
    if taken.map(\.port) == (0..<count).map({ base + $0 }) { return base }
  }
  throw POSIXError(.EADDRINUSE)
}
