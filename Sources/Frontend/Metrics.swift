import HTTP

/// What is counted on the clients' side since the start.
struct Metrics {
  /// Statuses are below this.
  private static let statusesMax = 512

  var connectionsAccepted: UInt64 = 0
  /// Handed over to the transport: peers are no clients from there on.
  var connectionsUpgraded: UInt64 = 0
  /// Ended by an error, such as the client's reset.
  var connectionErrors: UInt64 = 0
  var idleClosed: UInt64 = 0
  /// The client did not take its replies.
  var stalledClosed: UInt64 = 0
  /// Descriptors ran short.
  var shortages: UInt64 = 0
  var receivedBytes: UInt64 = 0
  var sentBytes: UInt64 = 0
  var latency = Histogram()
  /// How late a tick of the loop came, nanoseconds: the last and the worst.
  private(set) var lag: UInt64 = 0
  private(set) var lagMax: UInt64 = 0
  private var replies = [UInt64](repeating: 0, count: RequestKind.allCases.count * statusesMax)

  @inline(__always)
  mutating func count(_ kind: RequestKind, _ status: Status) {
    replies[Int(kind.rawValue) * Self.statusesMax + Int(status.rawValue)] += 1
  }

  func replies(_ kind: RequestKind, _ status: Status) -> UInt64 {
    replies[Int(kind.rawValue) * Self.statusesMax + Int(status.rawValue)]
  }

  /// Replies to requests of `kind`, whatever their status.
  func replies(_ kind: RequestKind) -> UInt64 {
    Status.allCases.reduce(0) { $0 + replies(kind, $1) }
  }

  mutating func observeLag(_ nanoseconds: UInt64) {
    lag = nanoseconds
    lagMax = max(lagMax, nanoseconds)
  }
}

extension RequestKind {
  var label: String {
    switch self {
    case .read: "read"
    case .write: "write"
    case .remove: "delete"
    case .dump: "dump"
    case .own: "other"
    }
  }
}
