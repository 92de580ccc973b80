import Foundation
import Support
import XCTest

/// One run of a script to its end.
struct ScriptRun {
  let stdout: String
  let stderr: String
  let status: Int32

  /// Runs `words`; the first is a path. The output goes to files, which what a script leaves running may hold open.
  init(_ words: [String], in directory: URL, environment: [String: String], seconds: Double = 60) throws {
    let started = try Child(words, in: directory, environment: environment)
    defer { started.end() }
    status = try started.waitForExit(seconds: seconds)
    stdout = started.stdout
    stderr = started.stderr
  }
}

extension Child {
  /// Starts `words`, the first of which is a path, in `directory`, where its output goes too.
  convenience init(
    _ words: [String], in directory: URL, environment: [String: String], input: Input = .nothing
  ) throws {
    try self.init(
      words, in: directory.path, output: directory.appendingPathComponent("output.\(UUID().uuidString)").path,
      environment: environment, input: input)
  }
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
