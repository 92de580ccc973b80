/// One operation on a register, as the client saw it.
package struct RegisterOperation: Equatable, Sendable {
  package enum Action: Equatable, Sendable {
    case read
    /// Puts a value in and gives the old one back.
    case write(RegisterValue)
    /// Puts absence in and gives the old value back.
    case delete
  }

  package enum Outcome: Equatable, Sendable {
    /// Done between invocation and response. A read returned this, a write or a delete replaced it.
    case done(RegisterValue)
    /// Done between invocation and response; what it returned is not known.
    case acknowledged
    /// Certainly never done.
    case failed
    /// Done once, at any time after the invocation, or never.
    case open
  }

  /// Who asked: for the explanation only.
  package var client: UInt32
  /// The register, a number from `History.keys`.
  package var key: Int32
  package var action: Action
  package var outcome: Outcome
  /// When the request left, in any unit that grows with real time.
  package var invocation: UInt64
  /// When the reply came, same unit. Of an open operation: ignored.
  package var response: UInt64

  package init(
    client: UInt32, key: Int32, action: Action, outcome: Outcome, invocation: UInt64, response: UInt64
  ) {
    precondition(outcome == .open || invocation <= response)
    self.client = client
    self.key = key
    self.action = action
    self.outcome = outcome
    self.invocation = invocation
    self.response = response
  }
}

/// What a register holds: absence, or a byte string by its number.
package struct RegisterValue: Hashable, Sendable {
  /// -1: absent.
  package let number: Int32

  package static let absent = RegisterValue(number: -1)

  package init(number: Int32) {
    self.number = number
  }
}
