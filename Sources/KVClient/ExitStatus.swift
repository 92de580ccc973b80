/// What the process says beside its output.
enum ExitStatus: Int32 {
  /// Also a read of a key that has no value.
  case done = 0
  /// With `--fail-missing`: the key has no value. Of `status`: some server is down or not linearizable.
  case missing = 1
  /// Nothing was sent: usage, or an invalid key, value, host or file.
  case usage = 2
  case noConnection = 3
  /// Certainly not executed, or a read that was not answered in time.
  case notExecuted = 4
  case unknown = 5
  case conditionFailed = 6
}

/// Why there is nothing to print but `ERROR: message`.
struct Failure: Error {
  let message: String
  let status: ExitStatus

  init(_ status: ExitStatus, _ message: String) {
    self.status = status
    self.message = message
  }

  static func usage(_ message: String) -> Failure {
    Failure(.usage, message)
  }
}
