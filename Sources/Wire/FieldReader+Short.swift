import Bytes
import VSR

// Frames of version 2. What can be left out must be: a message still has one spelling.
extension FieldReader {
  /// The frame behind its code, through its end.
  mutating func takeMessage(
    _ kind: FrameKind, _ code: UInt8, from sender: ServerIndex, after context: FrameContext
  ) throws(MalformedBytes) -> Message {
    guard code & FrameCode.reserved == 0 else { throw MalformedBytes() }
    let header = try takeHeader(kind, code, after: context)
    let payload: Payload
    if kind == .prepare {
      payload = .prepare(try takePrepare(code, after: context))
    } else {
      guard code & FrameCode.continues == 0 else { throw MalformedBytes() }
      payload = try takePayload(kind)
    }
    return Message(from: sender, incarnation: header.incarnation, epoch: header.epoch, payload: payload)
  }

  private mutating func takeHeader(
    _ kind: FrameKind, _ code: UInt8, after context: FrameContext
  ) throws(MalformedBytes) -> FrameContext.Header {
    if code & FrameCode.sameHeader != 0 {
      guard !kind.isBulk, let header = context.header else { throw MalformedBytes() }
      return header
    }
    let header = FrameContext.Header(epoch: try takeEpochID(), incarnation: try takeWord())
    guard kind.isBulk || header != context.header else { throw MalformedBytes() }
    return header
  }

  private mutating func takePrepare(
    _ code: UInt8, after context: FrameContext
  ) throws(MalformedBytes) -> Prepare {
    if code & FrameCode.continues != 0 {
      guard let last = context.prepared, last.op < WireBounds.numberMax else { throw MalformedBytes() }
      let commit = try takeCommit(before: last.op + 1)
      let kind = try takeEntryKind()
      let entry = LogEntry(
        op: last.op + 1, view: last.view, kind: kind, body: try takeLastBody(of: kind), parent: last.digest)
      return Prepare(view: last.view, commit: commit, parent: last.digest, entry: entry)
    }
    let view = try takeNumber()
    let op = try takeNumber()
    guard op > 0 else { throw MalformedBytes() }
    let commit = try takeCommit(before: op)
    let parent = try takeDigest()
    let kind = try takeEntryKind()
    let entry = LogEntry(
      op: op, view: try takeNumber(), kind: kind, body: try takeLastBody(of: kind), parent: parent)
    let prepare = Prepare(view: view, commit: commit, parent: parent, entry: entry)
    guard !context.isContinued(by: prepare) else { throw MalformedBytes() }
    return prepare
  }

  private mutating func takeCommit(before op: Op) throws(MalformedBytes) -> Op {
    let zigzag = try bytes.takeVarint()
    guard zigzag <= WireBounds.numberMax << 1 else { throw MalformedBytes() }
    let distance = Int64(zigzag >> 1) ^ -Int64(zigzag & 1)
    let commit = Int64(op) - distance
    guard 0...Int64(WireBounds.numberMax) ~= commit else { throw MalformedBytes() }
    return UInt64(commit)
  }
}
