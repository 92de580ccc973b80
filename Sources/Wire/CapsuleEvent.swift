import Bytes
import VSR

private enum CapsuleCode: UInt8 {
  case tick = 1
  case stalled = 2
  case message = 3
  case writes = 4
  case reads = 5
  case synced = 6
  case snapshotSaved = 7
  case linkReset = 8
  case recover = 9
  case acknowledgeLoss = 10
  case handOver = 11
  case slice = 12
  case wallClock = 13
  /// Writes that are not to be answered without a quorum.
  case strictWrites = 14
  /// So many events are left out: what follows cannot be stepped through.
  case gap = 255
}

/// How much the bytes of a gap are.
package let capsuleGapBytes = 10

extension [UInt8] {
  /// Appends one event: its length (varint), its code, its fields.
  package mutating func put(event: Event) {
    switch event {
    case .tick: put(.tick, 0)
    case .stalled(let ticks): put(.stalled, ticks)
    case .synced(let position): put(.synced, position)
    case .snapshotSaved(let op): put(.snapshotSaved, op)
    case .linkReset(let server): put(.linkReset, UInt64(server))
    case .recover(let without): put(.recover, UInt64(without.bits))
    case .acknowledgeLoss: put(.acknowledgeLoss, 0)
    case .handOver: put(.handOver, 0)
    case .slice: put(.slice, 0)
    case .wallClock(let milliseconds): put(.wallClock, milliseconds)
    case .message(let message):
      // What no frame has room for cannot have come in one.
      putLong(.message) { bytes in
        bytes.put(UInt8(message.from))
        var writer = FrameWriter(.two)
        let fits = writer.put(message, into: &bytes)
        precondition(fits, "a message that came in no frame")
      }
    case .writes(let first, let count, let writes, let isStrict):
      putLong(isStrict ? .strictWrites : .writes) { bytes in
        bytes.putVarint(first)
        bytes.putVarint(count)
        bytes.put(writes)
      }
    case .reads(let reads):
      putLong(.reads) { $0.put(reads) }
    }
  }

  /// Of fixed length.
  package mutating func put(capsuleGap count: UInt64) {
    put(UInt8(capsuleGapBytes - 1))
    put(CapsuleCode.gap.rawValue)
    put(count)
  }

  private mutating func put(_ code: CapsuleCode, _ number: UInt64) {
    let start = count
    put(0 as UInt8)
    put(code.rawValue)
    putVarint(number)
    self[start] = UInt8(count - start - 1)
  }

  /// With a length of four bytes, that what it counts is written in place.
  private mutating func putLong(_ code: CapsuleCode, _ body: (inout [UInt8]) -> Void) {
    let start = count
    put(UInt32(0))
    put(code.rawValue)
    body(&self)
    let length = UInt32(count - start - 4)
    precondition(length < 1 << 28)
    // A varint spelled in four bytes whatever it says.
    for place in 0..<4 {
      self[start + place] = UInt8(length >> UInt32(7 * place) & 0x7f) | (place < 3 ? 0x80 : 0)
    }
  }

  private mutating func put(_ reads: Reads) {
    putVarint(reads.count)
    for index in 0..<reads.count {
      putVarint(reads.ticket(at: index))
      let isWhole = reads.isWhole(at: index)
      put(UInt8(isWhole ? 1 : reads.isStrict(at: index) ? 2 : 0))
      if !isWhole { reads.withKey(at: index) { putCounted($0) } }
    }
  }
}

/// What a capsule says next.
package enum CapsuleItem: Sendable {
  case event(Event)
  /// So many events are missing.
  case gap(UInt64)
}

/// Reads a capsule's bytes, borrowed: what it began with, then item by item.
package struct CapsuleReader {
  package let start: CapsuleStart
  private var bytes: ByteReader

  package init(_ raw: UnsafeRawBufferPointer) throws(MalformedBytes) {
    bytes = ByteReader(raw)
    start = try CapsuleStart.take(from: &bytes)
  }

  /// Nil at the end; one that was cut off in the midst of an event ends before it.
  package mutating func next() throws(MalformedBytes) -> CapsuleItem? {
    guard !bytes.isAtEnd, let length = takeLength(), length <= bytes.remaining else { return nil }
    var fields = ByteReader(try bytes.take(count: length))
    guard let code = CapsuleCode(rawValue: try fields.take(UInt8.self)) else { throw MalformedBytes() }
    if code == .gap { return .gap(try fields.take(UInt64.self)) }
    return .event(try take(code, from: &fields))
  }

  /// Unlike other varints it may be longer than it need be.
  private mutating func takeLength() -> Int? {
    var length = 0
    for place in 0..<4 {
      guard let byte = try? bytes.take(UInt8.self) else { return nil }
      length |= Int(byte & 0x7f) << (7 * place)
      if byte & 0x80 == 0 { return length }
    }
    return nil
  }

  private func take(_ code: CapsuleCode, from fields: inout ByteReader) throws(MalformedBytes) -> Event {
    switch code {
    case .tick: return .tick
    case .stalled: return .stalled(ticks: try fields.takeVarint())
    case .synced: return .synced(try fields.takeVarint())
    case .snapshotSaved: return .snapshotSaved(try fields.takeVarint())
    case .linkReset: return .linkReset(try fields.takeCount(max: start.serverCount - 1))
    case .recover: return .recover(without: ServerMask(bits: UInt8(try fields.takeCount(max: 255))))
    case .acknowledgeLoss: return .acknowledgeLoss
    case .handOver: return .handOver
    case .slice: return .slice
    case .wallClock: return .wallClock(try fields.takeVarint())
    case .message: return .message(try takeMessage(from: &fields))
    case .writes, .strictWrites:
      let first = try fields.takeVarint()
      let count = try fields.takeCount(max: Bounds.groupWritesMax)
      return .writes(
        first: first, count: count, bytes: [UInt8](try fields.take(count: fields.remaining)),
        isStrict: code == .strictWrites)
    case .reads: return .reads(try takeReads(from: &fields))
    case .gap: throw MalformedBytes()
    }
  }

  private func takeMessage(from fields: inout ByteReader) throws(MalformedBytes) -> Message {
    let sender = try fields.takeCount(max: start.serverCount - 1)
    var reader = FrameReader(serverCount: start.serverCount, version: .two, sender: sender)
    reader.append(try fields.take(count: fields.remaining))
    guard let message = try? reader.next() else { throw MalformedBytes() }
    return message
  }

  private func takeReads(from fields: inout ByteReader) throws(MalformedBytes) -> Reads {
    var reads = Reads()
    for _ in 0..<(try fields.takeCount(max: fields.remaining)) {
      let ticket = try fields.takeVarint()
      let form = try fields.take(UInt8.self)
      if form == 1 {
        reads.appendAll(ticket: ticket)
      } else {
        reads.append(ticket: ticket, key: try fields.takeCounted(max: fields.remaining), isStrict: form == 2)
      }
    }
    return reads
  }
}
