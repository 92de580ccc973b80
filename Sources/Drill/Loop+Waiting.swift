import Foundation
import UV

extension Loop {
  /// How often a condition is looked at that is no event of this loop, in milliseconds.
  private static let lookMilliseconds: UInt64 = 5

  /// Turns until the condition holds; false when it did not within `seconds`. What else lives on the loop, such
  /// as the clients, goes on meanwhile.
  func turn(seconds: Double, until isMet: () throws -> Bool) rethrows -> Bool {
    let limit = Clock.nanoseconds + UInt64(seconds * 1e9)
    let tick = UV.Timer(self) {}
    tick.start(after: Loop.lookMilliseconds, repeating: Loop.lookMilliseconds)
    defer { tick.close() }
    while try !isMet() {
      if Clock.nanoseconds > limit { return false }
      runOnce()
    }
    return true
  }
}

/// What a command of the system said.
struct CommandResult {
  var status: Int32
  var stdout: String
  var stderr: String

  enum Failure: Error { case hangs([String]), failed([String], String) }

  /// Runs it to its end, while the loop turns. A command that does not end is ended.
  init(_ words: [String], prefix: [String] = [], on loop: Loop, in scratch: Scratch, seconds: Double = 60)
    throws
  {
    let directory = try scratch.directory("command")
    let (out, err) = ("\(directory)/\(UUID().uuidString).out", "\(directory)/\(UUID().uuidString).err")
    let process = try TrialProcess(words, prefix: prefix, in: directory, stdout: out, stderr: err)
    guard loop.turn(seconds: seconds, until: { process.exitStatus != nil }) else {
      throw Failure.hangs(words)
    }
    status = process.exitStatus ?? -1
    (stdout, stderr) = (contents(out), contents(err))
  }

  /// Throws what it said when it failed.
  func check(_ what: String) throws {
    if status != 0 { throw Failure.failed([what], "exit \(status): \(stdout)\(stderr)") }
  }
}
