import Bytes
import KVStore
import VSR
import Wire

/// Draws messages and journal records from a seed: the fields as odd as the protocol allows.
struct MessageMaker {
  private var state: UInt64
  let serverCount: Int

  init(seed: UInt64, serverCount: Int) {
    state = seed
    self.serverCount = serverCount
  }

  /// SplitMix64.
  mutating func word() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed >> 31
  }

  mutating func below(_ bound: Int) -> Int { Int(word() % UInt64(bound)) }
  mutating func flag() -> Bool { word() & 1 == 1 }
  mutating func digest() -> Digest { Digest(low: word(), high: word()) }

  /// Of any length in bytes, now and then the greatest.
  mutating func number() -> UInt64 {
    below(16) == 0 ? WireBounds.numberMax : word() >> UInt64(8 + below(56))
  }

  mutating func bytes(_ range: ClosedRange<Int>) -> [UInt8] {
    let count = range.lowerBound + below(range.count)
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: word()) }
  }

  mutating func mask() -> ServerMask {
    ServerMask(bits: UInt8(truncatingIfNeeded: word()) & UInt8(1 << serverCount - 1))
  }

  mutating func vector() -> [Incarnation] {
    (0..<serverCount).map { _ in below(4) == 0 ? 0 : word() }
  }

  mutating func start(isBirth: Bool) -> EpochStart {
    let vector = vector()
    var servers = (0..<serverCount).filter { _ in flag() }
    if servers.isEmpty { servers = [below(serverCount)] }
    let lives = servers.map { ($0, isBirth ? vector[$0] : word()) }
    return EpochStart(
      number: number(), configuration: Configuration(incarnations: lives, heavy: servers[0]),
      firstPrimary: servers[servers.count - 1], lineage: number(), isLossPossible: flag(),
      vector: isBirth ? vector : [])
  }

  mutating func group() -> Group {
    var writes: [UInt8] = []
    let count = 1 + below(4)
    for _ in 0..<count { putWrite(into: &writes) }
    return Group(session: word(), first: word() >> UInt64(1 + below(60)), count: count, bytes: writes)
  }

  private mutating func putWrite(into writes: inout [UInt8]) {
    let key = bytes(1...12)
    let value = bytes(0...40)
    let idempotencyKey = bytes(1...Write.idempotencyKeyBytesMax)
    let tags = bytes(0...3).flatMap { [UInt8](repeating: $0, count: Tag.encodedBytes) }
    let (isDelete, isNamed, hasTags, isAny) = (flag(), flag(), flag(), flag())
    key.withUnsafeBytes { key in
      value.withUnsafeBytes { value in
        idempotencyKey.withUnsafeBytes { name in
          tags.withUnsafeBytes { tags in
            var write = isDelete ? Write(delete: key) : Write(set: key, to: value)
            if isNamed { write.idempotencyKey = name }
            if hasTags { write.ifMatch = .tags(TagList(tags)) }
            if isAny { write.ifNoneMatch = .any }
            writes.put(write)
          }
        }
      }
    }
  }

  mutating func entry(_ op: Op, parent: Digest) -> LogEntry {
    let kind = [LogEntry.Kind.requests, .noop, .stopSign, .birth][below(4)]
    var body: [UInt8] = []
    switch kind {
    case .requests: for _ in 0...below(3) { group().put(into: &body) }
    case .noop: break
    case .stopSign: body = start(isBirth: false).body
    case .birth: body = start(isBirth: true).body
    }
    return LogEntry(op: op, view: number(), kind: kind, body: body, parent: parent)
  }

  mutating func segment() -> LogSegment {
    segment(after: below(16) == 0 ? 0 : number() / 2, digest: digest())
  }

  mutating func segment(after: Op, digest: Digest) -> LogSegment {
    var segment = LogSegment(after: after, digest: digest, entries: [])
    for _ in 0..<below(4) {
      segment.entries.append(
        entry(segment.head + 1, parent: segment.entries.last?.digest ?? segment.digest))
    }
    return segment
  }

  mutating func hardState() -> HardState {
    let start = start(isBirth: flag())
    let epoch = Epoch(id: EpochID(number: start.number, hash: word()), start: start, startOp: number())
    return HardState(
      epoch: flag() ? epoch : .none, view: number(), logView: number(), commit: number(),
      agreed: flag() ? vector() : nil, epochHeard: number())
  }
}

extension MessageMaker {
  /// What one server may say over one connection: headers that seldom change, prepares that mostly follow each
  /// other, and everything in between.
  mutating func conversation(from sender: ServerIndex, count: Int) -> [Message] {
    var messages: [Message] = []
    var header = message(.moved)
    var last: Prepare?
    for _ in 0..<count {
      if below(8) == 0 { header = message(.moved) }
      var next = message(FrameKind.allCases[below(FrameKind.allCases.count)])
      if below(2) == 0, let prepare = successor(of: last) { next.payload = .prepare(prepare) }
      if case .prepare(let prepare) = next.payload { last = prepare }
      next.from = sender
      next.epoch = header.epoch
      next.incarnation = header.incarnation
      messages.append(next)
    }
    return messages
  }

  private mutating func successor(of last: Prepare?) -> Prepare? {
    guard let last, last.entry.op < WireBounds.numberMax else { return nil }
    let drawn = entry(last.entry.op + 1, parent: last.entry.digest)
    let entry = LogEntry(
      op: drawn.op, view: last.view, kind: drawn.kind, body: drawn.body, parent: last.entry.digest)
    let commit = below(4) == 0 ? number() : last.entry.op - UInt64(below(Int(min(last.entry.op, 20))))
    return Prepare(view: last.view, commit: commit, parent: last.entry.digest, entry: entry)
  }

  mutating func message(_ kind: FrameKind) -> Message {
    Message(
      from: below(serverCount), incarnation: word(), epoch: EpochID(number: number(), hash: word()),
      payload: payload(kind))
  }

  private mutating func payload(_ kind: FrameKind) -> Payload {
    switch kind {
    case .ping: .ping(ping())
    case .pong: .pong(ping())
    case .prepare: .prepare(prepare())
    case .prepareOk: .prepareOk(PrepareOk(view: number(), op: number(), digest: digest()))
    case .commit: .commit(Commit(view: number(), commit: number(), head: number()))
    case .startViewChange:
      .startViewChange(StartViewChange(view: number(), isVote: flag(), reach: mask()))
    case .doViewChange:
      .doViewChange(DoViewChange(view: number(), logView: number(), commit: number(), suffix: segment()))
    case .startView: .startView(StartView(view: number(), commit: number(), suffix: segment()))
    case .getState: .getState(getState())
    case .newState: .newState(newState())
    case .snapshotChunk: .snapshotChunk(chunk())
    case .getSnapshot: .getSnapshot(GetSnapshot(op: number(), digest: digest(), offset: number()))
    case .probe: .probe(Probe(id: word()))
    case .probeReply: .probeReply(probeReply())
    case .forward: .forward(Forward(view: number(), sequence: number(), group: group()))
    case .forwardOk: .forwardOk(ForwardOk(view: number(), next: number()))
    case .moved: .moved
    case .leave: .leave
    case .propose: .propose(Propose(vector: vector()))
    case .agree: .agree(Agree(vector: vector(), report: report()))
    case .announce: .announce(Announce(start: start(isBirth: true), op: number(), digest: digest()))
    case .belowQuorum: .belowQuorum
    case .relayReads:
      .relayReads(
        RelayReads(
          id: word(), mayDegrade: flag(), keys: (0..<1 + below(Bounds.relayMax)).map { _ in bytes(1...20) }))
    case .relayWrites: .relayWrites(RelayWrites(id: word(), mayDegrade: flag(), group: group()))
    case .relayed: .relayed(Relayed(request: word(), isOfWrites: flag(), answer: relayedAnswer()))
    }
  }

  private mutating func relayedAnswer() -> RelayedAnswer? {
    guard flag() else { return nil }
    return RelayedAnswer(age: flag() ? number() : nil, lineage: number(), bytes: bytes(0...200))
  }

  private mutating func ping() -> Ping {
    Ping(
      nonce: word(), session: word(), view: number(), commit: number(), excluded: mask(),
      lossAcknowledged: number())
  }

  private mutating func prepare() -> Prepare {
    let parent = digest()
    return Prepare(
      view: number(), commit: number(), parent: parent, entry: entry(max(1, number()), parent: parent))
  }

  private mutating func getState() -> GetState {
    GetState(
      view: number(), isNormal: flag(), head: number(), headDigest: digest(), commit: number(),
      commitDigest: digest())
  }

  private mutating func newState() -> NewState {
    NewState(view: number(), isWhole: flag(), isOfView: flag(), commit: number(), segment: segment())
  }

  private mutating func chunk() -> SnapshotChunk {
    let isLast = flag()
    return SnapshotChunk(
      op: number(), digest: digest(), offset: number(), isLast: isLast,
      bytes: bytes((isLast ? 0 : 1)...200))
  }

  private mutating func probeReply() -> ProbeReply {
    ProbeReply(
      id: word(), logView: number(), head: number(), commit: number(), startOp: flag() ? number() : nil)
  }

  private mutating func report() -> Report {
    Report(
      rank: LogRank(epoch: number(), logView: number(), op: number()), digest: digest(),
      epochHeard: number(), isBlank: flag())
  }
}
