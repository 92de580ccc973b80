import Bytes
import VSR

// A frame of version 1, the same for every receiver:
//
//   length        u32: the bytes that follow
//   version       u8
//   kind          u8
//   sender        u8
//   epoch         number (varint), hash u64
//   incarnation   u64
//   payload       what the kind has
//
// docs/wire.md lists the payloads.

extension [UInt8] {
  /// Appends the message's frame of version 1. False: it is longer than its kind may be, or has more ops than
  /// `WireBounds.segmentOpsMax`, and nothing was appended.
  package mutating func put(frame message: Message) -> Bool {
    precondition((0..<serversMax).contains(message.from))
    let start = count
    let kind = message.payload.kind
    put(UInt32(0))
    put(wireVersion)
    put(kind.rawValue)
    put(UInt8(message.from))
    putVarint(message.epoch.number)
    put(message.epoch.hash)
    put(message.incarnation)
    put(message.payload)
    let length = count - start - 4
    guard length <= kind.bytesMax, message.payload.segmentOps <= WireBounds.segmentOpsMax else {
      removeLast(count - start)
      return false
    }
    patch(UInt32(length), at: start)
    return true
  }

  mutating func put(_ payload: Payload) {
    switch payload {
    case .ping(let ping), .pong(let ping): put(ping)
    case .prepare(let prepare): put(prepare)
    case .prepareOk(let ok): put(ok)
    case .commit(let commit): put(commit)
    case .startViewChange(let change): put(change)
    case .doViewChange(let change): put(change)
    case .startView(let start): put(start)
    case .getState(let request): put(request)
    case .newState(let state): put(state)
    case .snapshotChunk(let chunk): put(chunk)
    case .getSnapshot(let request): put(request)
    case .probe(let probe): put(probe.id)
    case .probeReply(let reply): put(reply)
    case .forward(let forward): put(forward)
    case .forwardOk(let ok): put(ok)
    case .moved, .leave: break
    case .propose(let propose): put(vector: propose.vector)
    case .agree(let agree): put(agree)
    case .announce(let announcement): put(announcement)
    case .belowQuorum: break
    case .relayReads(let relay): put(relay)
    case .relayWrites(let relay):
      put(relay.id)
      put(flag: relay.mayDegrade)
      relay.group.put(into: &self)
    case .relayed(let relayed): put(relayed)
    }
  }
}

extension Payload {
  var segmentOps: Int {
    switch self {
    case .doViewChange(let change): change.suffix.entries.count
    case .startView(let start): start.suffix.entries.count
    case .newState(let state): state.segment.entries.count
    case .ping, .pong, .prepare, .prepareOk, .commit, .startViewChange, .getState, .snapshotChunk,
      .getSnapshot, .probe, .probeReply, .forward, .forwardOk, .moved, .leave, .propose, .agree, .announce,
      .belowQuorum, .relayReads, .relayWrites, .relayed:
      0
    }
  }
}

// MARK: - Normal operation and view change

extension [UInt8] {
  private mutating func put(_ ping: Ping) {
    put(ping.nonce)
    put(ping.session)
    putVarint(ping.view)
    putVarint(ping.commit)
    put(ping.excluded.bits)
    putVarint(ping.lossAcknowledged)
  }

  private mutating func put(_ prepare: Prepare) {
    putVarint(prepare.view)
    putVarint(prepare.commit)
    putVarint(prepare.entry.op)
    put(prepare.parent)
    put(entry: prepare.entry)
  }

  private mutating func put(_ ok: PrepareOk) {
    putVarint(ok.view)
    putVarint(ok.op)
    put(ok.digest)
  }

  private mutating func put(_ commit: Commit) {
    putVarint(commit.view)
    putVarint(commit.commit)
    putVarint(commit.head)
  }

  private mutating func put(_ change: StartViewChange) {
    putVarint(change.view)
    put(flag: change.isVote)
    put(change.reach.bits)
  }

  private mutating func put(_ change: DoViewChange) {
    putVarint(change.view)
    putVarint(change.logView)
    putVarint(change.commit)
    put(change.suffix)
  }

  private mutating func put(_ start: StartView) {
    putVarint(start.view)
    putVarint(start.commit)
    put(start.suffix)
  }

  private mutating func put(_ ok: ForwardOk) {
    putVarint(ok.view)
    putVarint(ok.next)
  }

  private mutating func put(_ forward: Forward) {
    putVarint(forward.view)
    putVarint(forward.sequence)
    forward.group.put(into: &self)
  }
}

// MARK: - State transfer and reads

extension [UInt8] {
  private mutating func put(_ request: GetState) {
    putVarint(request.view)
    put(flag: request.isNormal)
    putVarint(request.head)
    put(request.headDigest)
    putVarint(request.commit)
    put(request.commitDigest)
  }

  private mutating func put(_ state: NewState) {
    putVarint(state.view)
    put((state.isWhole ? 1 : 0) | (state.isOfView ? 2 : 0) as UInt8)
    putVarint(state.commit)
    put(state.segment)
  }

  private mutating func put(_ chunk: SnapshotChunk) {
    putVarint(chunk.op)
    put(chunk.digest)
    putVarint(chunk.offset)
    put(flag: chunk.isLast)
    putCounted(chunk.bytes)
  }

  private mutating func put(_ request: GetSnapshot) {
    putVarint(request.op)
    put(request.digest)
    putVarint(request.offset)
  }

  private mutating func put(_ reply: ProbeReply) {
    put(reply.id)
    putVarint(reply.logView)
    putVarint(reply.head)
    putVarint(reply.commit)
    put(flag: reply.startOp != nil)
    if let startOp = reply.startOp { putVarint(startOp) }
  }
}

// MARK: - Relays

extension [UInt8] {
  private mutating func put(_ relay: RelayReads) {
    put(relay.id)
    put(flag: relay.mayDegrade)
    put(UInt8(relay.keys.count))
    for key in relay.keys { putCounted(key) }
  }

  private mutating func put(_ relayed: Relayed) {
    put(relayed.request)
    put(flag: relayed.isOfWrites)
    put(flag: relayed.answer != nil)
    guard let answer = relayed.answer else { return }
    put(flag: answer.age != nil)
    if let age = answer.age { putVarint(age) }
    putVarint(answer.lineage)
    putCounted(answer.bytes)
  }
}

// MARK: - Formation

extension [UInt8] {
  private mutating func put(_ agree: Agree) {
    put(vector: agree.vector)
    let report = agree.report
    putVarint(report.rank.epoch)
    putVarint(report.rank.logView)
    putVarint(report.rank.op)
    put(report.digest)
    putVarint(report.epochHeard)
    put(flag: report.isBlank)
  }

  private mutating func put(_ announcement: Announce) {
    announcement.start.put(into: &self)
    putVarint(announcement.op)
    put(announcement.digest)
  }
}

// MARK: - Parts

extension [UInt8] {
  mutating func put(flag: Bool) {
    put((flag ? 1 : 0) as UInt8)
  }

  /// How many, then each.
  mutating func put(vector: [Incarnation]) {
    put(UInt8(vector.count))
    for incarnation in vector { put(incarnation) }
  }

  /// One digest for all: the reader computes the chain.
  private mutating func put(_ segment: LogSegment) {
    putVarint(segment.after)
    put(segment.digest)
    putVarint(segment.entries.count)
    var op = segment.after
    for entry in segment.entries {
      op += 1
      precondition(entry.op == op)
      put(entry: entry)
    }
  }

  /// What cannot be told from its place in the log.
  mutating func put(entry: LogEntry) {
    put(entry.kind.rawValue)
    putVarint(entry.view)
    putCounted(entry.body)
  }
}
