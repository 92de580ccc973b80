/// How frames are written. Both ends of a connection speak the greatest version that both know: they agree on it
/// before the first frame (`Greeting`).
package enum WireVersion: UInt8, CaseIterable, Sendable {
  /// Each frame stands for itself, and is the same for every receiver.
  case one = 1
  /// A frame leaves out what the connection has said before.
  case two = 2

  /// Whether a reader of this version knows `kind`; it closes on one that it does not know.
  package func carries(_ kind: FrameKind) -> Bool {
    self != .one || kind.rawValue <= FrameKind.forwardOk.rawValue
  }

  /// All that this program speaks.
  package static let spoken: ClosedRange<UInt8> = 1...2

  /// The greatest version in both ranges; nil: there is none.
  package static func common(
    _ some: ClosedRange<UInt8>, _ others: ClosedRange<UInt8>
  ) -> WireVersion? {
    guard some.overlaps(others) else { return nil }
    return WireVersion(rawValue: min(some.upperBound, others.upperBound))
  }
}
