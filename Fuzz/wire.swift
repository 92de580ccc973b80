import Bytes
import VSR
import Wire

private let serverCount = 3

/// libFuzzer's entry. The first byte says what the rest is: a stream of frames, one frame's payload, a journal's
/// records, or a seed of good frames and what to change in them; and which version the frames are of. `FrameTranscript` holds every message that comes
/// out to be the only meaning of its bytes. Built by `scripts/fuzz.sh wire`.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzWire(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = [UInt8](UnsafeBufferPointer(start: start, count: count))
  guard let mode = input.first else { return 0 }
  let rest = Array(input.dropFirst())
  let version: WireVersion = mode & 4 == 0 ? .one : .two
  switch mode & 3 {
  case 0: checkStream(rest, version)
  case 1: checkPayload(rest, version)
  case 2: mode & 4 == 0 ? checkJournal(rest) : checkGreeting(rest)
  default: checkChanged(rest, version)
  }
  return 0
}

private func checkStream(_ bytes: [UInt8], _ version: WireVersion) {
  let whole = FrameTranscript(bytes, serverCount: serverCount, version: version)
  let pieces = FrameTranscript(
    bytes, pieceCounts: [1 + Int(bytes.last ?? 0) % 9, 1], serverCount: serverCount, version: version)
  precondition(whole.messages == pieces.messages && whole.error == pieces.error, "the split shows")
}

/// The first byte is the kind; the head is sound.
private func checkPayload(_ bytes: [UInt8], _ version: WireVersion) {
  guard let kind = bytes.first else { return }
  var frame: [UInt8] = []
  switch version {
  case .one:
    frame.put(UInt32(20 + bytes.count - 1))
    frame += [wireVersion, kind % 20, 1, 5]
  case .two:
    frame.putVarint(18 + bytes.count - 1)
    frame += [kind % 20, 5]
  }
  frame += [UInt8](repeating: 7, count: 16)
  checkStream(frame + bytes.dropFirst(), version)
}

private func checkGreeting(_ bytes: [UInt8]) {
  guard let (greeting, _) = try? bytes.withUnsafeBytes({ try Greeting.take(from: $0) }) else { return }
  var again: [UInt8] = []
  again.put(greeting)
  let repeated = try? again.withUnsafeBytes { try Greeting.take(from: $0) }
  precondition(repeated?.greeting == greeting, "a greeting has two meanings")
}

/// Eight bytes of seed, then triples: where, and what to flip.
private func checkChanged(_ bytes: [UInt8], _ version: WireVersion) {
  var fields = bytes[...]
  var seed: UInt64 = 0
  for byte in fields.prefix(8) { seed = seed << 8 | UInt64(byte) }
  fields = fields.dropFirst(8)
  var maker = MessageMaker(seed: seed, serverCount: serverCount)
  var writer = FrameWriter(version)
  var stream: [UInt8] = []
  for message in maker.conversation(from: 0, count: 4) {
    precondition(writer.put(message, into: &stream))
  }
  while fields.count >= 3 {
    let place = (Int(fields[fields.startIndex]) << 8 | Int(fields[fields.startIndex + 1])) % stream.count
    stream[place] ^= fields[fields.startIndex + 2]
    fields = fields.dropFirst(3)
  }
  checkStream(stream, version)
}

/// Records: kind, op, how many bytes, the payload. An entry whose chain is to hold gets the right one.
private func checkJournal(_ bytes: [UInt8]) {
  let snapshot = (op: Op(bytes.first ?? 0) % 8, digest: Digest.zero)
  var fold = JournalFold(snapshot: snapshot, serverCount: serverCount)
  bytes.withUnsafeBytes { raw in
    var reader = ByteReader(raw)
    do {
      while let kind = StoredKind(rawValue: 1 + (try reader.take(UInt8.self)) % 3) {
        let op = try reader.takeVarint()
        let payload = try reader.takeCounted(max: reader.remaining)
        try fold.add(kind, op: op, chain: chain(kind, op, payload), payload: payload)
      }
    } catch {}
  }
  guard let result = try? fold.finish() else { return }
  precondition(result.log.base <= snapshot.op && snapshot.op <= result.log.head)
  var records = StoredRecords()
  let end = LogSegment(after: result.log.head, digest: result.log.headDigest, entries: [])
  records.append(.install(result.state, end))
  var again = JournalFold(snapshot: snapshot, serverCount: serverCount)
  for item in records.items {
    records.withPayload(of: item) { payload in
      do { try again.add(item.kind, op: item.op, chain: item.chain, payload: payload) } catch {
        preconditionFailure("what was folded cannot be recorded")
      }
    }
  }
  precondition((try? again.finish())?.state == result.state, "a state has two meanings")
}

/// Of a first entry: its place in the chain behind the snapshot, or at the begin.
private func chain(_ kind: StoredKind, _ op: Op, _ payload: UnsafeRawBufferPointer) -> Digest {
  guard kind == .entry, payload.count > 2, let entryKind = LogEntry.Kind(rawValue: payload[0]) else {
    return .zero
  }
  let body = [UInt8](payload.dropFirst(3))
  return LogEntry(op: op, view: UInt64(payload[1]), kind: entryKind, body: body, parent: .zero).digest
}
