/// A value as the ledger holds it: absence, the write that it names, or bytes that are none of this run's.
struct ObservedValue: Hashable {
  private static let foreignFlag: UInt64 = 1 << 63

  private let raw: UInt64

  static let absent = ObservedValue(raw: .max)

  static func own(_ number: UInt64) -> ObservedValue { ObservedValue(raw: number) }

  /// `index`: its place in the ledger's list of such values.
  static func foreign(_ index: Int) -> ObservedValue { ObservedValue(raw: foreignFlag | UInt64(index)) }

  private init(raw: UInt64) { self.raw = raw }

  enum Kind {
    case absent
    case own(UInt64)
    case foreign(Int)
  }

  var kind: Kind {
    if self == .absent { return .absent }
    return raw & Self.foreignFlag == 0 ? .own(raw) : .foreign(Int(raw & ~Self.foreignFlag))
  }

  var isForeign: Bool {
    if case .foreign = kind { true } else { false }
  }
}

/// An operation as the ledger holds it.
struct LedgerEntry {
  enum Outcome: UInt8 {
    case done
    /// Certainly not done.
    case failed
    /// Done once, at any time, or never.
    case open
  }

  var action: LoadRequest.Action
  var outcome: Outcome
  /// The connection.
  var client: UInt32
  var invocation: UInt64
  var response: UInt64
  /// What was written.
  var written = ObservedValue.absent
  /// What a read returned, or a write replaced.
  var seen = ObservedValue.absent
}
