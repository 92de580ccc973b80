import Bytes
import KVStore
import VSR

/// Short words for the trace: stable, as recorded traces are compared.
func short(_ name: UInt64) -> String { String(hexadecimal(name).prefix(4)) }

func short(_ digest: Digest) -> String { short(digest.high) }

extension Event {
  /// For the trace hash.
  var code: UInt64 {
    switch self {
    case .tick: 0
    case .message(let message): 16 + message.payload.code
    case .writes: 1
    case .reads: 2
    case .synced: 3
    case .snapshotSaved: 4
    case .linkReset: 5
    case .recover: 6
    case .handOver: 7
    case .stalled: 8
    case .acknowledgeLoss: 9
    case .slice: 10
    case .wallClock: 11
    }
  }
}

extension Payload {
  var code: UInt64 {
    switch self {
    case .ping: 1
    case .pong: 2
    case .prepare: 3
    case .prepareOk: 4
    case .commit: 5
    case .startViewChange: 6
    case .doViewChange: 7
    case .startView: 8
    case .getState: 9
    case .newState: 10
    case .snapshotChunk: 11
    case .getSnapshot: 12
    case .probe: 13
    case .probeReply: 14
    case .forward: 15
    case .moved: 16
    case .propose: 17
    case .agree: 18
    case .announce: 19
    case .forwardOk: 20
    case .leave: 21
    case .belowQuorum: 22
    case .relayReads: 23
    case .relayWrites: 24
    case .relayed: 25
    }
  }
}

func describe(_ event: Event) -> String {
  switch event {
  case .tick: "tick"
  case .slice: "slice"
  case .stalled(let ticks): "stalled for \(ticks) ticks"
  case .message(let message): "<- \(message.from) \(describe(message))"
  case .wallClock(let milliseconds): "wall clock \(milliseconds)"
  case .writes(let first, let count, _, let isStrict):
    "writes \(first)...\(first + UInt64(count) - 1)\(isStrict ? " strict" : "")"
  case .reads(let reads): "reads \(reads.tickets.first ?? 0)...\(reads.tickets.last ?? 0)"
  case .synced(let position): "synced \(position)"
  case .snapshotSaved(let op): "snapshot saved of op \(op)"
  case .linkReset(let server): "link to \(server) reset"
  case .recover(let without): "recover without \((0..<serversMax).filter(without.contains))"
  case .acknowledgeLoss: "loss acknowledged"
  case .handOver: "hand over"
  }
}

func describe(_ message: Message) -> String {
  "e\(message.epoch.number) " + describe(message.payload)
}

func describe(_ payload: Payload) -> String {
  switch payload {
  case .ping(let ping): "ping view \(ping.view) commit \(ping.commit)"
  case .pong(let ping): "pong view \(ping.view) commit \(ping.commit)"
  case .prepare(let prepare):
    "prepare view \(prepare.view) commit \(prepare.commit) \(describe(prepare.entry))"
  case .prepareOk(let ok): "prepareOk view \(ok.view) op \(ok.op) \(short(ok.digest))"
  case .commit(let commit): "commit view \(commit.view) commit \(commit.commit) head \(commit.head)"
  case .startViewChange(let change):
    "startViewChange \(change.isVote ? "vote against" : "for") view \(change.view)"
      + " reach \(mask(change.reach))"
  case .doViewChange(let change):
    "doViewChange view \(change.view) log view \(change.logView)"
      + " commit \(change.commit) \(describe(change.suffix))"
  case .startView(let start): "startView view \(start.view) commit \(start.commit) \(describe(start.suffix))"
  case .getState(let get):
    "getState view \(get.view)\(get.isNormal ? "" : " not normal") head \(get.head) commit \(get.commit)"
  case .newState(let state):
    "newState view \(state.view)\(state.isWhole ? " whole" : "")\(state.isOfView ? " of view" : "")"
      + " commit \(state.commit) \(describe(state.segment))"
  case .snapshotChunk(let chunk):
    "snapshotChunk op \(chunk.op) at \(chunk.offset)\(chunk.isLast ? " last" : "") \(chunk.bytes.count) bytes"
  case .getSnapshot(let get): "getSnapshot op \(get.op) at \(get.offset)"
  case .probe(let probe): "probe \(short(probe.id))"
  case .probeReply(let reply):
    "probeReply \(short(reply.id)) log view \(reply.logView) head \(reply.head) commit \(reply.commit)"
      + (reply.startOp.map { " start \($0)" } ?? "")
  case .forward(let forward):
    "forward view \(forward.view) number \(forward.sequence)"
      + " writes \(forward.group.first)+\(forward.group.count)"
  case .forwardOk(let ok): "forwardOk view \(ok.view) next \(ok.next)"
  case .moved: "moved"
  case .leave: "leave"
  case .propose(let propose): "propose \(propose.vector.map(short))"
  case .agree(let agree):
    "agree \(agree.vector.map(short)) holds epoch \(agree.report.rank.epoch)"
      + " log view \(agree.report.rank.logView)"
      + " op \(agree.report.rank.op)\(agree.report.isBlank ? " blank" : "")"
  case .announce(let announce):
    "announce epoch \(announce.start.number) lineage \(announce.start.lineage) after op \(announce.op)"
  case .belowQuorum: "belowQuorum"
  case .relayReads(let relay):
    "relayReads \(short(relay.id)) of \(relay.keys.count)\(relay.mayDegrade ? "" : " strict")"
  case .relayWrites(let relay):
    "relayWrites \(relay.group.first)+\(relay.group.count)\(relay.mayDegrade ? "" : " strict")"
  case .relayed(let relayed):
    "relayed \(relayed.isOfWrites ? "writes" : "reads")"
      + " \(relayed.answer.map { $0.age.map { "aged \($0)" } ?? "linearizable" } ?? "refused")"
  }
}

private func mask(_ mask: ServerMask) -> String {
  (0..<serversMax).filter(mask.contains).map(String.init).joined(separator: ",")
}

func describe(_ entry: LogEntry) -> String {
  "\(entry.kind) op \(entry.op) of view \(entry.view) \(short(entry.digest))"
    + (entry.epochStarted.map { " for \(describe($0.configuration))" } ?? "")
}

/// The members, the heavy one with its weight.
private func describe(_ configuration: Configuration) -> String {
  configuration.members.map { "\($0.server)\($0.weight > 1 ? "x\($0.weight)" : "")" }.joined(separator: ",")
}

func describe(_ segment: LogSegment) -> String {
  let entries = segment.entries.map { "\($0.op):\($0.kind) \(short($0.digest))" }
  return "after \(segment.after) \(short(segment.digest)) [\(entries.joined(separator: ", "))]"
}

func describe(_ record: JournalRecord) -> String {
  switch record {
  case .append(let entry): "append \(describe(entry))"
  case .state(let state): "state \(describe(state))"
  case .install(let state, let segment): "install \(describe(state)) \(describe(segment))"
  case .keep(_, let write): "keep \(mergeIdentity(of: write).map { short($0) } ?? "nothing")"
  case .end(let identity): "end \(short(identity))"
  }
}

func describe(_ state: HardState) -> String {
  "epoch \(state.epoch.id.number) view \(state.view) log view \(state.logView) commit \(state.commit)"
    + (state.agreed == nil ? "" : " agreed")
}

func describe(_ outcome: Outcome, _ values: [UInt8]) -> String {
  let replayed = outcome.isReplayed ? " again" : ""
  switch outcome.result {
  case .done(let version, let old):
    let before = old.map { String(decoding: values[$0], as: UTF8.self) } ?? "nothing"
    return "done\(replayed), version \(version ?? 0), replaced \(before)"
  case .conditionFailed: return "condition failed\(replayed)"
  case .keyReused: return "key reused"
  case .expired: return "expired"
  case .storeFull: return "store full\(replayed)"
  }
}
