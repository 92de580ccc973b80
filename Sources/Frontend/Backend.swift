import HTTP
import KVStore

/// What answers the clients' requests: the replicated store, or a test. It hears a turn's
/// requests together and answers each exactly once, within the call or later, in any order, through the
/// frontend's `answer…` and `refuse`.
package protocol Backend: AnyObject {
  /// The turn is lent: what is not answered within the call must be copied.
  func submit(_ turn: Turn, from frontend: Frontend)

  /// Whether many requests cost little more than one: then those that come close together are submitted together.
  var prefersMany: Bool { get }

  /// For `/-/status`, `/-/ready` and `/-/metrics`.
  var report: ServerReport { get }

  /// For `/-/conflicts`: as of what this server has executed.
  var conflicts: ConflictReport { get }

  /// `POST /-/recover` and `/-/acknowledge-loss`.
  func command(_ command: OperatorCommand) -> CommandAnswer
}

package enum OperatorCommand: Equatable, Sendable {
  /// The servers named, as written in servers.txt, are gone for good.
  case recover(without: [String])
  case acknowledgeLoss
}

/// What became of an operator's command.
package struct CommandAnswer: Sendable {
  /// Whether it was carried out; otherwise `line` says what is wrong with it (400).
  package let isDone: Bool
  /// One line, without its end.
  package let line: String

  package static func done(_ line: String) -> CommandAnswer { CommandAnswer(isDone: true, line: line) }
  package static func wrong(_ line: String) -> CommandAnswer { CommandAnswer(isDone: false, line: line) }
}

/// Why a request got no answer of the store's.
package enum Unanswered: Sendable, CaseIterable {
  /// No quorum, or none in time. Certainly not executed: 503.
  case noQuorum
  /// This server is shutting down. Certainly not executed: 503.
  case stopping
  /// Too many requests wait. Certainly not executed: 429.
  case overloaded
  /// The outcome will not be known here: 504.
  case unknown
  /// A fault of the server's own: 500.
  case fault
}

extension Unanswered {
  var status: Status {
    switch self {
    case .noQuorum, .stopping: .serviceUnavailable
    case .overloaded: .tooManyRequests
    case .unknown: .gatewayTimeout
    case .fault: .internalServerError
    }
  }

  var reason: StaticString {
    switch self {
    case .noQuorum: "no quorum of servers answers; not executed, try again"
    case .stopping: "this server is shutting down; not executed, try another"
    case .overloaded: "too many requests wait here; not executed, try again later"
    case .unknown: "no outcome in time; the write may or may not be executed"
    case .fault: "a fault of the server's own; the write may or may not be executed"
    }
  }

  /// Whether the client is told when to try again: only where nothing was executed.
  var mayBeRetried: Bool {
    switch self {
    case .noQuorum, .stopping, .overloaded: true
    case .unknown, .fault: false
    }
  }
}
