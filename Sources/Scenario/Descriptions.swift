import Bytes
import KVStore
import VSR

// Messages and log entries in a few words. Digests are left out: the content says it.

extension Message {
  var fields: [String] {
    (epoch.number == 1 ? [] : ["epoch=\(epoch.number)"]) + payload.fields
  }
}

extension Payload {
  var fields: [String] {
    switch self {
    case .ping(let ping), .pong(let ping): ["view=\(ping.view)", "commit=\(ping.commit)"]
    case .prepare(let prepare):
      ["view=\(prepare.view)", "commit=\(prepare.commit)", "op=\(prepare.entry.op)", prepare.entry.content]
    case .prepareOk(let ok): ["view=\(ok.view)", "op=\(ok.op)"]
    case .commit(let commit): ["view=\(commit.view)", "commit=\(commit.commit)", "head=\(commit.head)"]
    case .startViewChange(let change): ["view=\(change.view)"]
    case .doViewChange(let change):
      ["view=\(change.view)", "logView=\(change.logView)", "commit=\(change.commit)"] + change.suffix.words
    case .startView(let start): ["view=\(start.view)", "commit=\(start.commit)"] + start.suffix.words
    case .getState(let get): ["view=\(get.view)", "head=\(get.head)", "commit=\(get.commit)"]
    case .newState(let state):
      ["view=\(state.view)", "commit=\(state.commit)"] + (state.isWhole ? ["whole"] : [])
        + state.segment.words
    case .snapshotChunk(let chunk): ["op=\(chunk.op)", "offset=\(chunk.offset)"]
    case .getSnapshot(let get): ["op=\(get.op)", "offset=\(get.offset)"]
    case .probe: []
    case .probeReply(let reply):
      ["logView=\(reply.logView)", "head=\(reply.head)", "commit=\(reply.commit)"]
        + (reply.startOp.map { ["start=\($0)"] } ?? [])
    case .forward(let forward): ["view=\(forward.view)", "#\(forward.sequence)", forward.group.content]
    case .forwardOk(let ok): ["view=\(ok.view)", "next=#\(ok.next)"]
    case .moved, .leave: []
    case .propose(let propose): [lives(of: propose.vector)]
    case .agree(let agree): [lives(of: agree.vector), "op=\(agree.report.rank.op)"]
    case .announce(let announce): ["op=\(announce.op)", announce.start.content]
    case .belowQuorum: []
    case .relayReads(let relay): relay.keys.map { String(decoding: $0, as: UTF8.self) }
    case .relayWrites(let relay): [relay.group.content]
    case .relayed(let relayed):
      [
        relayed.isOfWrites ? "writes" : "reads",
        relayed.answer.map { $0.age == nil ? "linearizable" : "degraded" } ?? "refused",
      ]
    }
  }
}

extension LogSegment {
  /// `3:k=a` for each entry.
  var words: [String] {
    entries.isEmpty ? ["empty:\(after)"] : entries.map { "\($0.op):\($0.content)" }
  }
}

extension LogEntry {
  var content: String {
    switch kind {
    case .requests:
      var all: [String] = []
      forEachGroup { all.append($0.content) }
      return all.joined(separator: ",")
    case .noop: return "noop"
    case .stopSign: return "stop(\(epochStarted?.start.content ?? "?"))"
    case .birth: return "birth(\(epochStarted?.start.content ?? "?"))"
    }
  }
}

extension Group {
  var content: String { bytes.withUnsafeBytes { writes(in: $0) } }
}

extension BorrowedGroup {
  var content: String { writes(in: bytes) }

  /// The numbers of its writes whose clients gave no idempotency key.
  var numbersWithoutKey: [UInt64] {
    var numbers: [UInt64] = []
    var reader = WriteReader(bytes)
    var number = first
    while let write = try? reader.next() {
      if write.idempotencyKey == nil { numbers.append(number) }
      number += 1
    }
    return numbers
  }
}

extension Store {
  /// `k=a,x=1`, by key.
  var content: String {
    var lines: [UInt8] = []
    var dump = DumpWriter(self)
    while dump.write(atMost: 4096, to: &lines) {}
    return lines.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
      .joined(separator: ",")
  }
}

/// `k=a,x=1`
private func writes(in bytes: UnsafeRawBufferPointer) -> String {
  var all: [String] = []
  var reader = WriteReader(bytes)
  while let write = try? reader.next() {
    let (key, value) = (
      String(decoding: write.key, as: UTF8.self), String(decoding: write.value, as: UTF8.self)
    )
    all.append("\(key)=\(value)")
  }
  return all.joined(separator: ",")
}

extension EpochStart {
  /// `e2:0,1,2'`
  var content: String { "e\(number):\(configuration.lives)" }
}

extension Configuration {
  /// `0,1,2'`: a dash for each life before.
  var lives: String { members.map { life($0.incarnation) }.joined(separator: ",") }
}

/// Lives of a server are numbered: the n-th of server s is 1000 (s + 1) + n.
func incarnation(_ life: Int, of server: ServerIndex) -> Incarnation {
  UInt64(1000 * (server + 1) + life)
}

private func life(_ incarnation: Incarnation) -> String {
  guard incarnation >= 1000 else { return "-" }
  return "\(incarnation / 1000 - 1)" + String(repeating: "'", count: Int(incarnation % 1000))
}

private func lives(of vector: [Incarnation]) -> String {
  vector.map(life).joined(separator: ",")
}
