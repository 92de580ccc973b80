/// One request, from the moment it is drawn until it has ended.
package struct LoadRequest: Equatable, Sendable {
  package enum Action: UInt8, Sendable {
    case read
    case write
  }

  /// Which part of the run it belongs to.
  package enum Purpose: UInt8, Sendable {
    /// Gives a key its first value.
    case filling
    case warmup
    /// Counts.
    case measured
    /// Looks at a key after the load.
    case finalReading
  }

  package var action: Action
  package var purpose: Purpose
  package var key: UInt32
  /// The key's eight digits as they stand in its text.
  package var keyDigits: UInt64
  /// Makes a written value one of a kind.
  package var number: UInt64
  /// When it should have begun, nanoseconds of the monotonic clock.
  package var intended: UInt64
  /// When it was handed to its connection.
  package var sent: UInt64
}

/// Why a request ended without a reply that can be used.
package enum LoadLoss: UInt8, CaseIterable, Sendable {
  /// No reply in time; its connection was closed.
  case timeout
  /// Its connection ended first.
  case disconnected
  /// What came was no HTTP, or about another key.
  case malformed
  /// Never sent: no connection had room until its time was up.
  case unsent

  package var name: String {
    switch self {
    case .timeout: "timeout"
    case .disconnected: "disconnected"
    case .malformed: "malformed"
    case .unsent: "unsent"
    }
  }
}
