/// Why the program ends before it serves.
struct Failure: Error {
  enum Cause: Int32 {
    /// The machine or the system: a busy port, an address that never came.
    case environment = 1
    /// What the user wrote: an option, servers.txt.
    case usage = 2
  }

  let cause: Cause
  /// One line.
  let message: String

  static func usage(_ message: String) -> Failure { Failure(cause: .usage, message: message) }
  static func environment(_ message: String) -> Failure { Failure(cause: .environment, message: message) }
}
