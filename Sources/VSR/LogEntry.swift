import Bytes
import KVStore

/// One op of the log.
package struct LogEntry: Hashable, Sendable {
  package enum Kind: UInt8, Sendable {
    /// Groups of writes: see `GroupReader`.
    case requests = 1
    /// Every new primary's first op: what it inherited is decided once this has executed.
    case noop = 2
    /// The last op of its epoch; the body is the next `EpochStart`.
    case stopSign = 3
    /// The first op of a born epoch; the body is its `EpochStart`.
    case birth = 4
  }

  package let op: Op
  /// The view, of its epoch, in which a primary prepared it. It keeps that view when later views inherit it.
  package let view: View
  package let kind: Kind
  package let body: [UInt8]
  /// The chain's digest up to and with this entry.
  package let digest: Digest

  package init(op: Op, view: View, kind: Kind, body: [UInt8], parent: Digest) {
    self.op = op
    self.view = view
    self.kind = kind
    self.body = body
    digest = LogEntry.digest(op: op, view: view, kind: kind, body: body, parent: parent)
  }

  private static func digest(op: Op, view: View, kind: Kind, body: [UInt8], parent: Digest) -> Digest {
    var sip = SipHash(isWide: true)
    sip.update(parent)
    sip.update(op)
    sip.update(view << 8 | UInt64(kind.rawValue))
    sip.update(body)
    return sip.digest()
  }

  /// What it takes of a frame, about.
  package var weightInBytes: Int { body.count + 32 }

  /// The epoch that this entry starts, if it is one that does.
  package var epochStarted: Epoch? {
    guard kind == .stopSign || kind == .birth, let start = try? EpochStart(body: body) else { return nil }
    return Epoch(id: EpochID(number: start.number, hash: digest.low), start: start, startOp: op)
  }
}

/// Writes of one server's clients that travel, are logged and executed together.
package struct Group: Hashable, Sendable {
  package var session: Session
  /// The number of its first write within the session; the rest follow one by one.
  package var first: UInt64
  package var count: Int
  /// The writes, in the store's encoding.
  package var bytes: [UInt8]

  package init(session: Session, first: UInt64, count: Int, bytes: [UInt8]) {
    self.session = session
    self.first = first
    self.count = count
    self.bytes = bytes
  }

  /// The same writes in groups of at most `max`.
  func parts(of max: Int) -> [Group] {
    var parts: [Group] = []
    bytes.withUnsafeBytes { raw in
      var reader = WriteReader(raw)
      var start = 0
      var taken = 0
      while (try? reader.next()) != nil {
        taken += 1
        guard taken % max == 0 || taken == count else { continue }
        let done = parts.reduce(0) { $0 + $1.count }
        parts.append(
          Group(
            session: session, first: first + UInt64(done), count: taken - done,
            bytes: Array(raw[start..<reader.offset])))
        start = reader.offset
      }
    }
    return parts
  }

  package func put(into body: inout [UInt8]) {
    body.put(session)
    body.putVarint(first)
    body.putVarint(count)
    body.putCounted(bytes)
  }

  package static func take(from reader: inout ByteReader) throws(MalformedBytes) -> Group {
    let group = try BorrowedGroup.take(from: &reader)
    return Group(session: group.session, first: group.first, count: group.count, bytes: [UInt8](group.bytes))
  }

  /// The identity of its write number `first + index`, where the client gave no idempotency key.
  package static func identity(session: Session, number: UInt64) -> Digest {
    var sip = SipHash(isWide: true)
    sip.update(session)
    sip.update(number)
    return sip.digest()
  }
}

/// A group in an entry's body, read in place: copying its bytes only to look at them costs an allocation, and one
/// whose bytes are then not used is miscompiled by Swift 6.3.1 (the array is freed before it is filled).
package struct BorrowedGroup {
  package let session: Session
  package let first: UInt64
  package let count: Int
  /// Valid where the reader's bytes are.
  package let bytes: UnsafeRawBufferPointer

  static func take(from reader: inout ByteReader) throws(MalformedBytes) -> BorrowedGroup {
    let session = try reader.take(UInt64.self)
    let first = try reader.takeVarint()
    let count = try reader.takeCount(max: Bounds.groupWritesMax)
    let bytes = try reader.takeCounted(max: Bounds.groupBytesMax)
    return BorrowedGroup(session: session, first: first, count: count, bytes: bytes)
  }
}
