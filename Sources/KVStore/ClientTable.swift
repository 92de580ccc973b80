import Bytes

/// The outcomes of writes with idempotency keys (the paper's client table; section 4.1): a retry is answered
/// with the first outcome and not executed again.
///
/// Replicated state: what is kept and what leaves follows from the log alone. Recorded is what the state machine
/// decided: done, condition failed, store full. A failure is recorded too, as its client was told "certainly not
/// executed": a second copy of the request, still on its way through another server, must not be executed after
/// that. "Key reused" and "expired" are not recorded: the key's own record, or the floor, goes on saying the same.
struct ClientTable: Sendable {
  private static let shardBits = 9

  /// Bounds: `outcomes` and `outcomeBytes`.
  let limits: Limits
  private(set) var records: ByteMap
  private(set) var timed = EvictionQueue()
  private(set) var untimed = EvictionQueue()
  /// Bytes of the records with a time in their key; `records.payloadBytes` has them all.
  private(set) var timedBytes = 0
  /// The greatest time that left the table: keys at or under it may have been executed.
  private(set) var floor: UInt64?
  /// Outcomes recorded so far.
  private(set) var sequence: UInt64 = 0

  init(limits: Limits, hashKey: HashKey) {
    self.limits = limits
    records = ByteMap(shardBits: Self.shardBits, hashKey: hashKey)
  }

  var count: Int { records.count }
  /// Bytes of keys and recorded replies.
  var bytes: Int { records.payloadBytes }

  func contains(_ key: UnsafeRawBufferPointer) -> Bool {
    records.locate(key, hash: records.hash(key)) != nil
  }

  /// The floor, where it says that a key which is not in the table must not be executed.
  func floor(above key: UnsafeRawBufferPointer) -> UInt64? {
    guard let floor, let time = Self.time(of: key), time <= floor else { return nil }
    return floor
  }

  /// Records the reply to a key that is not in the table, then evicts down to the bounds: it may leave at once.
  mutating func insert(
    _ key: UnsafeRawBufferPointer, request: Digest, reply: UnsafeRawBufferPointer
  ) {
    sequence += 1
    restore(RecordParts(key: key, value: reply, stamp: sequence, digest: request))
    while records.count > limits.outcomes || records.payloadBytes > limits.outcomeBytes { evict() }
  }

  /// Of the two kinds of keys the one that takes more bytes loses its first record.
  private mutating func evict() {
    if timedBytes > records.payloadBytes - timedBytes {
      guard let first = timed.removeFirst() else { preconditionFailure("bytes without a record") }
      timedBytes -= remove(first)
      floor = max(floor ?? 0, first.time)
    } else {
      guard let first = untimed.removeFirst() else { preconditionFailure("bytes without a record") }
      _ = remove(first)
    }
  }

  /// Returns the record's bytes.
  private mutating func remove(_ element: EvictionQueue.Element) -> Int {
    guard let location = records.locate(stamp: element.sequence, hash: element.hash) else {
      preconditionFailure("a queue's element without its record")
    }
    defer { records.remove(at: location) }
    return records.withRecord(at: location) { $0.payloadBytes }
  }
}

extension ClientTable {
  /// Takes a record as it stands in a snapshot. Its key is not in the table.
  mutating func restore(_ parts: RecordParts) {
    let hash = records.hash(parts.key)
    let time = Self.time(of: parts.key)
    records.insert(parts, hash: hash)
    let element = EvictionQueue.Element(time: time ?? 0, sequence: parts.stamp, hash: hash)
    if time != nil {
      timed.insert(element)
      timedBytes += parts.key.count + parts.value.count
    } else {
      untimed.insert(element)
    }
  }

  /// Takes the numbers as they stand in a snapshot.
  mutating func restore(floor: UInt64?, sequence: UInt64) {
    self.floor = floor
    self.sequence = sequence
  }

  /// The time in a key of the form `MILLISECONDS-RANDOM`: decimal digits that 64 bits can hold, a hyphen, and
  /// something more. Nil for every other key.
  static func time(of key: UnsafeRawBufferPointer) -> UInt64? {
    var time: UInt64 = 0
    for (index, byte) in key.enumerated() {
      if byte == UInt8(ascii: "-") { return index > 0 && index + 1 < key.count ? time : nil }
      guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else { return nil }
      let (tens, isTooBig) = time.multipliedReportingOverflow(by: 10)
      let (sum, overflows) = tens.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
      if isTooBig || overflows { return nil }
      time = sum
    }
    return nil
  }

  /// Drops blocks, and lessens `room` by their number, until there is none. Returns whether any are left; the table
  /// cannot be used any more.
  mutating func release(_ room: inout Int) -> Bool {
    records.release(&room) || timed.release(&room) || untimed.release(&room)
  }

  /// The sum of the records' hashes.
  mutating func sum() -> Digest {
    records.sum()
  }
}
