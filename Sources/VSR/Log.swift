import Bytes

/// A run of the log's chain: what follows op `after`, whose digest is `digest`.
package struct LogSegment: Hashable, Sendable {
  package var after: Op
  package var digest: Digest
  package var entries: [LogEntry]

  package init(after: Op, digest: Digest, entries: [LogEntry]) {
    self.after = after
    self.digest = digest
    self.entries = entries
  }

  package var head: Op { after + UInt64(entries.count) }
}

/// The replicated log, from behind its base on. Every entry's digest covers all before it, so two logs that
/// agree on one digest agree on everything up to there.
package struct Log: Sendable {
  /// The op behind which the log begins, and the chain's digest there.
  package private(set) var base: Op
  package private(set) var baseDigest: Digest
  private var entries: [LogEntry] = []
  package private(set) var bytes = 0

  package init(base: Op = 0, digest: Digest = .zero) {
    self.base = base
    baseDigest = digest
  }

  package var head: Op { base + UInt64(entries.count) }
  package var headDigest: Digest { entries.last?.digest ?? baseDigest }
  package var last: LogEntry? { entries.last }

  /// The entry of `op`, where the log holds it.
  package subscript(op: Op) -> LogEntry? {
    op > base && op <= head ? entries[Int(op - base - 1)] : nil
  }

  /// The chain's digest at `op`, where the log knows it.
  package func digest(at op: Op) -> Digest? {
    op == base ? baseDigest : self[op]?.digest
  }

  /// The entries of `range`, as far as the log holds them.
  package func entries(in range: ClosedRange<Op>) -> ArraySlice<LogEntry> {
    let first = max(range.lowerBound, base + 1)
    let last = min(range.upperBound, head)
    guard first <= last else { return [] }
    return entries[Int(first - base - 1)...Int(last - base - 1)]
  }

  /// What follows `op`, as far as `through`. Nil where the log does not reach back or on to `op`.
  package func segment(after op: Op, through last: Op) -> LogSegment? {
    guard let digest = digest(at: op) else { return nil }
    let found = last > op ? Array(entries(in: op + 1...last)) : []
    return LogSegment(after: op, digest: digest, entries: found)
  }

  /// - Precondition: it follows the head.
  package mutating func append(_ entry: LogEntry) {
    precondition(entry.op == head + 1)
    bytes += entry.weightInBytes
    entries.append(entry)
  }

  /// Forgets what follows `op`.
  package mutating func truncate(after op: Op) {
    precondition(op >= base)
    while head > op { bytes -= entries.removeLast().weightInBytes }
  }

  /// Forgets what a snapshot holds: everything through `op`.
  package mutating func recycle(through op: Op) {
    guard op > base, let digest = digest(at: op) else { return }
    let count = Int(op - base)
    for entry in entries[..<count] { bytes -= entry.weightInBytes }
    entries.removeFirst(count)
    base = op
    baseDigest = digest
  }

  /// Whether `segment` begins at an op that this log holds with the same digest.
  package func connects(to segment: LogSegment) -> Bool {
    digest(at: segment.after) == segment.digest
  }

  /// The last op through which `segment`, which connects, and this log agree.
  package func agreement(with segment: LogSegment) -> Op {
    var op = segment.after
    for entry in segment.entries {
      guard self[entry.op]?.digest == entry.digest else { break }
      op = entry.op
    }
    return op
  }
}
