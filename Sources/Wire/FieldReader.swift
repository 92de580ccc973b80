import Bytes
import VSR

/// Reads the fields that frames and journal payloads are made of, each checked as far as it can be without
/// knowing the replica's state.
struct FieldReader {
  var bytes: ByteReader
  /// Servers of servers.txt: every index is below it, every vector has so many.
  let serverCount: Int

  init(_ bytes: UnsafeRawBufferPointer, serverCount: Int) {
    self.bytes = ByteReader(bytes)
    self.serverCount = serverCount
  }

  /// Goes on where `bytes` are.
  init(_ bytes: ByteReader, serverCount: Int) {
    self.bytes = bytes
    self.serverCount = serverCount
  }

  /// An op, a view, an epoch's number, a lineage or an offset.
  mutating func takeNumber() throws(MalformedBytes) -> UInt64 {
    let value = try bytes.takeVarint()
    guard value <= WireBounds.numberMax else { throw MalformedBytes() }
    return value
  }

  mutating func takeWord() throws(MalformedBytes) -> UInt64 {
    try bytes.take(UInt64.self)
  }

  mutating func takeDigest() throws(MalformedBytes) -> Digest {
    try bytes.takeDigest()
  }

  /// Bits below `1 << count`.
  mutating func takeBits(_ count: Int) throws(MalformedBytes) -> UInt8 {
    let bits = try bytes.take(UInt8.self)
    guard bits >> UInt8(count) == 0 else { throw MalformedBytes() }
    return bits
  }

  mutating func takeFlag() throws(MalformedBytes) -> Bool {
    try takeBits(1) == 1
  }

  mutating func takeMask() throws(MalformedBytes) -> ServerMask {
    ServerMask(bits: try takeBits(serverCount))
  }

  mutating func takeServer() throws(MalformedBytes) -> ServerIndex {
    let server = ServerIndex(try bytes.take(UInt8.self))
    guard server < serverCount else { throw MalformedBytes() }
    return server
  }

  mutating func takeVector() throws(MalformedBytes) -> [Incarnation] {
    guard Int(try bytes.take(UInt8.self)) == serverCount else { throw MalformedBytes() }
    var vector: [Incarnation] = []
    vector.reserveCapacity(serverCount)
    for _ in 0..<serverCount { vector.append(try takeWord()) }
    return vector
  }

  mutating func takeEpochID() throws(MalformedBytes) -> EpochID {
    EpochID(number: try takeNumber(), hash: try takeWord())
  }
}

// MARK: - Epochs

extension FieldReader {
  /// What a birth announces.
  mutating func takeBirth() throws(MalformedBytes) -> EpochStart {
    let start = try EpochStart.take(from: &bytes)
    guard isSound(start), !start.vector.isEmpty else { throw MalformedBytes() }
    return start
  }

  /// The epoch that a server is in; one without members only before birth.
  mutating func takeEpoch() throws(MalformedBytes) -> Epoch {
    let epoch = try Epoch.take(from: &bytes)
    guard epoch.startOp <= WireBounds.numberMax, epoch == .none || isSound(epoch.start) else {
      throw MalformedBytes()
    }
    return epoch
  }

  /// Whether somebody decides in it, all of them servers there are, in lives that its vector, if any, names.
  private func isSound(_ start: EpochStart) -> Bool {
    guard start.number <= WireBounds.numberMax, start.lineage <= WireBounds.numberMax,
      start.vector.isEmpty || start.vector.count == serverCount, !start.configuration.members.isEmpty
    else { return false }
    return start.configuration.members.allSatisfy { member in
      member.server < serverCount
        && (start.vector.isEmpty || start.vector[member.server] == member.incarnation)
    }
  }

  /// Whether `body` is what a stop-sign's or a birth's is.
  fileprivate func checkEpochStart(_ body: UnsafeRawBufferPointer, isBirth: Bool) throws(MalformedBytes) {
    var fields = FieldReader(body, serverCount: serverCount)
    let start = try EpochStart.take(from: &fields.bytes)
    try fields.bytes.expectEnd()
    guard isSound(start), start.vector.isEmpty != isBirth else { throw MalformedBytes() }
  }
}

// MARK: - Entries

extension FieldReader {
  /// The entry of `op`, its body checked.
  mutating func takeEntry(_ op: Op, parent: Digest) throws(MalformedBytes) -> LogEntry {
    let kind = try takeEntryKind()
    let view = try takeNumber()
    let body = try bytes.takeCounted(max: WireBounds.bodyBytesMax)
    try check(body, of: kind)
    return LogEntry(op: op, view: view, kind: kind, body: [UInt8](body), parent: parent)
  }

  mutating func takeEntryKind() throws(MalformedBytes) -> LogEntry.Kind {
    guard let kind = LogEntry.Kind(rawValue: try bytes.take(UInt8.self)) else { throw MalformedBytes() }
    return kind
  }

  /// All that is left, which is the body of an entry of `kind`.
  mutating func takeLastBody(of kind: LogEntry.Kind) throws(MalformedBytes) -> [UInt8] {
    guard bytes.remaining <= WireBounds.bodyBytesMax else { throw MalformedBytes() }
    let body = try bytes.take(count: bytes.remaining)
    try check(body, of: kind)
    return [UInt8](body)
  }

  private func check(_ body: UnsafeRawBufferPointer, of kind: LogEntry.Kind) throws(MalformedBytes) {
    switch kind {
    case .requests: try checkGroups(body)
    case .noop: guard body.isEmpty else { throw MalformedBytes() }
    case .stopSign: try checkEpochStart(body, isBirth: false)
    case .birth: try checkEpochStart(body, isBirth: true)
    }
  }

  mutating func takeSegment() throws(MalformedBytes) -> LogSegment {
    let after = try takeNumber()
    let digest = try takeDigest()
    let most = min(WireBounds.segmentOpsMax, bytes.remaining / WireBounds.entryHeadBytesMin)
    let count = try bytes.takeCount(max: most)
    guard UInt64(count) <= WireBounds.numberMax - after else { throw MalformedBytes() }
    var entries: [LogEntry] = []
    entries.reserveCapacity(count)
    var parent = digest
    for index in 0..<count {
      let entry = try takeEntry(after + UInt64(index) + 1, parent: parent)
      entries.append(entry)
      parent = entry.digest
    }
    return LogSegment(after: after, digest: digest, entries: entries)
  }
}
