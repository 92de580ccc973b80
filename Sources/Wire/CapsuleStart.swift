import Bytes
import KVStore
import VSR

// A capsule: what a replica began with, and every event that it was given since. The same steps again come to the
// same state, as `Replica` is a function. Layout in docs/simulator.md.

/// "QRCP".
private let capsuleMagic: UInt32 = 0x5043_5251
private let capsuleFormat: UInt8 = 3

/// Everything that a replica's first state follows from.
package struct CapsuleStart: Sendable {
  package var server: ServerIndex
  package var serverCount: Int
  package var session: Session
  package var restored: Restored
  package var limits: Limits
  package var hashKey: HashKey
  package var options: Options

  package init(
    server: ServerIndex, serverCount: Int, session: Session, restored: Restored, limits: Limits,
    hashKey: HashKey, options: Options
  ) {
    (self.server, self.serverCount, self.session) = (server, serverCount, session)
    (self.restored, self.limits, self.hashKey, self.options) = (restored, limits, hashKey, options)
  }

  package var replica: Replica {
    Replica(
      server: server, serverCount: serverCount, session: session, restored: restored, limits: limits,
      hashKey: hashKey, options: options)
  }
}

extension Options {
  /// All of them, in the order of the format.
  fileprivate static let words: [WritableKeyPath<Options, UInt64> & Sendable] = [
    \.heartbeatTicks, \.silenceTicksMin, \.silenceTicksMax, \.stuckTicks, \.pingTicks, \.voteTicks,
    \.viewChangeTicks, \.transferTicks, \.probeTicks, \.forwardTicks, \.formationTicks, \.readRefuseTicks,
    \.writeRefuseTicks, \.deadlineTicks, \.snapshotOps, \.retainedOps, \.evictTicks,
    \.returnTicks, \.returnTicksMax, \.leaveTicks,
    \.degradeTicks, \.relayTicks, \.hedgeTicks,
  ]
}

extension [UInt8] {
  /// Takes time and room as the state does that was restored: a snapshot goes with it.
  package mutating func put(_ start: CapsuleStart) {
    put(capsuleMagic)
    put(capsuleFormat)
    put(UInt8(start.serverCount))
    put(UInt8(start.server))
    put(start.session)
    put(start.hashKey.words.low)
    put(start.hashKey.words.high)
    for limit in [start.limits.storeBytes, start.limits.outcomes, start.limits.outcomeBytes] {
      putVarint(limit)
    }
    for word in Options.words { putVarint(start.options[keyPath: word]) }
    putVarint(start.options.snapshotBytes)
    put(flag: start.options.answersDegraded)
    put(start.restored)
  }

  private mutating func put(_ restored: Restored) {
    put(restored.incarnation)
    put(restored.state)
    var encoder = restored.snapshot.map { SnapshotEncoder($0) }
    var snapshot: [UInt8] = []
    while encoder?.isAtEnd == false { encoder?.next(1 << 16, into: &snapshot) }
    putCounted(snapshot)
    putVarint(restored.overlay.count)
    for write in restored.overlay { putCounted(write) }
    let log = restored.log
    putVarint(log.base)
    put(log.baseDigest)
    putVarint(log.head - log.base)
    guard log.head > log.base else { return }
    for entry in log.entries(in: log.base + 1...log.head) { put(entry: entry) }
  }
}

extension CapsuleStart {
  static func take(from bytes: inout ByteReader) throws(MalformedBytes) -> CapsuleStart {
    guard try bytes.take(UInt32.self) == capsuleMagic, try bytes.take(UInt8.self) == capsuleFormat else {
      throw MalformedBytes()
    }
    let serverCount = Int(try bytes.take(UInt8.self))
    let server = Int(try bytes.take(UInt8.self))
    guard 1...serversMax ~= serverCount, server < serverCount else { throw MalformedBytes() }
    let session = try bytes.take(UInt64.self)
    let hashKey = HashKey(try bytes.take(UInt64.self), try bytes.take(UInt64.self))
    let limits = Limits(
      storeBytes: try bytes.takeCount(max: Limits.storeBytesMax),
      outcomes: try bytes.takeCount(max: Limits.outcomesMax),
      outcomeBytes: try bytes.takeCount(max: Limits.outcomeBytesMax))
    var options = Options()
    for word in Options.words { options[keyPath: word] = try bytes.takeVarint() }
    options.snapshotBytes = try bytes.takeCount(max: .max)
    options.answersDegraded = try bytes.take(UInt8.self) == 1
    let restored = try takeRestored(from: &bytes, serverCount, hashKey)
    return CapsuleStart(
      server: server, serverCount: serverCount, session: session, restored: restored, limits: limits,
      hashKey: hashKey, options: options)
  }

  private static func takeRestored(
    from bytes: inout ByteReader, _ serverCount: Int, _ hashKey: HashKey
  ) throws(MalformedBytes) -> Restored {
    var fields = FieldReader(bytes, serverCount: serverCount)
    let incarnation = try fields.takeWord()
    let state = try fields.takeHardState()
    let encoded = try fields.bytes.takeCounted(max: .max)
    var snapshot: SnapshotState?
    if !encoded.isEmpty {
      var decoder = SnapshotDecoder(hashKey: hashKey)
      try decoder.append([UInt8](encoded))
      snapshot = try decoder.finish()
    }
    var overlay: [[UInt8]] = []
    for _ in 0..<(try fields.takeNumber()) {
      overlay.append([UInt8](try fields.bytes.takeCounted(max: Write.encodedBytesMax)))
    }
    let base = try fields.takeNumber()
    var log = Log(base: base, digest: try fields.takeDigest())
    for _ in 0..<(try fields.takeNumber()) {
      log.append(try fields.takeEntry(log.head + 1, parent: log.headDigest))
    }
    bytes = fields.bytes
    return Restored(incarnation: incarnation, state: state, snapshot: snapshot, log: log, overlay: overlay)
  }
}
