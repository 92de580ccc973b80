import Bytes
import KVStore
import VSR

extension FieldReader {
  /// The payload of a frame of `kind`, through the frame's end.
  mutating func takePayload(_ kind: FrameKind) throws(MalformedBytes) -> Payload {
    let payload: Payload
    switch kind {
    case .ping: payload = .ping(try takePing())
    case .pong: payload = .pong(try takePing())
    case .prepare: payload = .prepare(try takePrepare())
    case .prepareOk: payload = .prepareOk(try takePrepareOk())
    case .commit: payload = .commit(try takeCommit())
    case .startViewChange: payload = .startViewChange(try takeStartViewChange())
    case .doViewChange: payload = .doViewChange(try takeDoViewChange())
    case .startView: payload = .startView(try takeStartView())
    case .getState: payload = .getState(try takeGetState())
    case .newState: payload = .newState(try takeNewState())
    case .snapshotChunk: payload = .snapshotChunk(try takeSnapshotChunk())
    case .getSnapshot: payload = .getSnapshot(try takeGetSnapshot())
    case .probe: payload = .probe(Probe(id: try takeWord()))
    case .probeReply: payload = .probeReply(try takeProbeReply())
    case .forward: payload = .forward(try takeForward())
    case .forwardOk: payload = .forwardOk(try takeForwardOk())
    case .moved: payload = .moved
    case .leave: payload = .leave
    case .propose: payload = .propose(Propose(vector: try takeVector()))
    case .agree: payload = .agree(try takeAgree())
    case .announce: payload = .announce(try takeAnnounce())
    case .belowQuorum: payload = .belowQuorum
    case .relayReads: payload = .relayReads(try takeRelayReads())
    case .relayWrites:
      let (id, mayDegrade) = (try takeWord(), try takeFlag())
      payload = .relayWrites(RelayWrites(id: id, mayDegrade: mayDegrade, group: try takeGroup()))
    case .relayed: payload = .relayed(try takeRelayed())
    }
    try bytes.expectEnd()
    return payload
  }
}

// MARK: - Normal operation and view change

extension FieldReader {
  private mutating func takePing() throws(MalformedBytes) -> Ping {
    Ping(
      nonce: try takeWord(), session: try takeWord(), view: try takeNumber(), commit: try takeNumber(),
      excluded: try takeMask(), lossAcknowledged: try takeNumber())
  }

  private mutating func takePrepare() throws(MalformedBytes) -> Prepare {
    let view = try takeNumber()
    let commit = try takeNumber()
    let op = try takeNumber()
    guard op > 0 else { throw MalformedBytes() }
    let parent = try takeDigest()
    return Prepare(view: view, commit: commit, parent: parent, entry: try takeEntry(op, parent: parent))
  }

  private mutating func takePrepareOk() throws(MalformedBytes) -> PrepareOk {
    PrepareOk(view: try takeNumber(), op: try takeNumber(), digest: try takeDigest())
  }

  private mutating func takeCommit() throws(MalformedBytes) -> Commit {
    Commit(view: try takeNumber(), commit: try takeNumber(), head: try takeNumber())
  }

  private mutating func takeStartViewChange() throws(MalformedBytes) -> StartViewChange {
    StartViewChange(view: try takeNumber(), isVote: try takeFlag(), reach: try takeMask())
  }

  private mutating func takeDoViewChange() throws(MalformedBytes) -> DoViewChange {
    DoViewChange(
      view: try takeNumber(), logView: try takeNumber(), commit: try takeNumber(),
      suffix: try takeSegment())
  }

  private mutating func takeStartView() throws(MalformedBytes) -> StartView {
    StartView(view: try takeNumber(), commit: try takeNumber(), suffix: try takeSegment())
  }

  private mutating func takeForward() throws(MalformedBytes) -> Forward {
    Forward(view: try takeNumber(), sequence: try takeNumber(), group: try takeGroup())
  }

  private mutating func takeForwardOk() throws(MalformedBytes) -> ForwardOk {
    ForwardOk(view: try takeNumber(), next: try takeNumber())
  }
}

// MARK: - State transfer and reads

extension FieldReader {
  private mutating func takeGetState() throws(MalformedBytes) -> GetState {
    GetState(
      view: try takeNumber(), isNormal: try takeFlag(), head: try takeNumber(),
      headDigest: try takeDigest(), commit: try takeNumber(), commitDigest: try takeDigest())
  }

  private mutating func takeNewState() throws(MalformedBytes) -> NewState {
    let view = try takeNumber()
    let flags = try takeBits(2)
    return NewState(
      view: view, isWhole: flags & 1 != 0, isOfView: flags & 2 != 0, commit: try takeNumber(),
      segment: try takeSegment())
  }

  private mutating func takeSnapshotChunk() throws(MalformedBytes) -> SnapshotChunk {
    let chunk = SnapshotChunk(
      op: try takeNumber(), digest: try takeDigest(), offset: try takeNumber(), isLast: try takeFlag(),
      bytes: [UInt8](try bytes.takeCounted(max: Bounds.snapshotChunkBytes)))
    // An empty part that is not the last would be asked for again at once, and for ever.
    guard chunk.isLast || !chunk.bytes.isEmpty else { throw MalformedBytes() }
    return chunk
  }

  private mutating func takeGetSnapshot() throws(MalformedBytes) -> GetSnapshot {
    GetSnapshot(op: try takeNumber(), digest: try takeDigest(), offset: try takeNumber())
  }

  private mutating func takeProbeReply() throws(MalformedBytes) -> ProbeReply {
    ProbeReply(
      id: try takeWord(), logView: try takeNumber(), head: try takeNumber(), commit: try takeNumber(),
      startOp: try takeFlag() ? try takeNumber() : nil)
  }
}

// MARK: - Relays

extension FieldReader {
  private mutating func takeRelayReads() throws(MalformedBytes) -> RelayReads {
    var relay = RelayReads(id: try takeWord(), mayDegrade: try takeFlag(), keys: [])
    let count = Int(try bytes.take(UInt8.self))
    guard 1...Bounds.relayMax ~= count else { throw MalformedBytes() }
    for _ in 0..<count {
      let key = try bytes.takeCounted(max: Write.keyBytesMax)
      guard !key.isEmpty else { throw MalformedBytes() }
      relay.keys.append([UInt8](key))
    }
    return relay
  }

  private mutating func takeRelayed() throws(MalformedBytes) -> Relayed {
    var relayed = Relayed(request: try takeWord(), isOfWrites: try takeFlag(), answer: nil)
    guard try takeFlag() else { return relayed }
    let age = try takeFlag() ? try takeNumber() : nil
    relayed.answer = RelayedAnswer(
      age: age, lineage: try takeNumber(),
      bytes: [UInt8](try bytes.takeCounted(max: WireBounds.relayedBytesMax)))
    return relayed
  }
}

// MARK: - Formation

extension FieldReader {
  private mutating func takeAgree() throws(MalformedBytes) -> Agree {
    let vector = try takeVector()
    let rank = LogRank(epoch: try takeNumber(), logView: try takeNumber(), op: try takeNumber())
    let report = Report(
      rank: rank, digest: try takeDigest(), epochHeard: try takeNumber(),
      isBlank: try takeFlag())
    return Agree(vector: vector, report: report)
  }

  private mutating func takeAnnounce() throws(MalformedBytes) -> Announce {
    Announce(start: try takeBirth(), op: try takeNumber(), digest: try takeDigest())
  }
}
