import Bytes

// The one encoding of a write, the same in a batch, on the wire, in the journal and at execution:
//
//   header    one byte: bit 0 delete, bit 1 an idempotency key follows, bits 2-3 If-Match, bits 4-5
//             If-None-Match (0 none, 1 any, 2 a list), bit 6 a merge, bit 7 zero
//   counts    varints: key bytes; value bytes, for a set only
//   tags      for each list: one byte, how many; 16 bytes each
//   key, value
//   idempotency key, if any: one byte, how long; its bytes
//   merge, if it is one: base (16 bytes), written at (8), server (1). It has an idempotency key and no conditions
//
// There is one encoding only: a decoder refuses every other spelling.

private enum Header {
  static let hasIdempotencyKey: UInt8 = 1 << 1
  static let ifMatchShift: UInt8 = 2
  static let ifNoneMatchShift: UInt8 = 4
  static let isMerge: UInt8 = 1 << 6
  static let reserved: UInt8 = 1 << 7
  static let conditions: UInt8 = 0b11_1100

  static func isValid(_ header: UInt8) -> Bool {
    guard header & reserved == 0 else { return false }
    return header & isMerge == 0 || header & (conditions | hasIdempotencyKey) == hasIdempotencyKey
  }
}

extension Write.Condition {
  fileprivate var code: UInt8 {
    switch self {
    case .none: 0
    case .any: 1
    case .tags: 2
    }
  }
}

extension Write {
  package var isMerge: Bool { mergeFields != nil }

  /// Nil for every write that came by way of a quorum. To make a merge of a write: `[UInt8].put(_:merge:)`.
  package var merge: Merge? {
    guard let mergeFields else { return nil }
    var reader = ByteReader(UnsafeRawBufferPointer(start: mergeFields, count: Merge.encodedBytes))
    guard let merge = try? reader.takeMerge() else { preconditionFailure("their number is checked") }
    return merge
  }

  /// The first byte of the encoding, but for the bit that only tells by which way the request came.
  var requestHeader: UInt8 {
    var header = kind.rawValue
    if idempotencyKey != nil { header |= Header.hasIdempotencyKey }
    header |= ifMatch.code << Header.ifMatchShift
    header |= ifNoneMatch.code << Header.ifNoneMatchShift
    return header
  }
}

extension [UInt8] {
  /// Appends the encoding. Sizes out of bounds are the caller's bug: the front has checked them.
  package mutating func put(_ write: Write) {
    put(write, merge: write.merge)
  }

  /// Appends the encoding of the same write as a merge. It must have an idempotency key, and no conditions.
  package mutating func put(_ write: Write, merge: Write.Merge) {
    precondition(write.idempotencyKey != nil && !write.isConditional)
    put(write, merge: Optional(merge))
  }

  private mutating func put(_ write: Write, merge: Write.Merge?) {
    precondition(1...Write.keyBytesMax ~= write.key.count && write.value.count <= Write.valueBytesMax)
    put(merge == nil ? write.requestHeader : write.requestHeader | Header.isMerge)
    putVarint(write.key.count)
    switch write.kind {
    case .set: putVarint(write.value.count)
    case .delete: precondition(write.value.isEmpty)
    }
    put(write.ifMatch)
    put(write.ifNoneMatch)
    put(write.key)
    put(write.value)
    guard let key = write.idempotencyKey else { return }
    precondition(1...Write.idempotencyKeyBytesMax ~= key.count)
    put(UInt8(key.count))
    put(key)
    if let merge { put(merge) }
  }

  private mutating func put(_ merge: Write.Merge) {
    put(merge.base)
    put(merge.writtenAt)
    put(merge.server)
  }

  private mutating func put(_ condition: Write.Condition) {
    guard case .tags(let list) = condition else { return }
    precondition(list.count <= Write.tagsMax)
    put(UInt8(list.count))
    put(list.bytes)
  }
}

extension ByteReader {
  /// The next write, borrowed from the reader's bytes. What was read is the write's encoding, and may be copied
  /// as it is.
  package mutating func takeWrite() throws(MalformedBytes) -> Write {
    let header = try take(UInt8.self)
    guard Header.isValid(header) else { throw MalformedBytes() }
    let isDelete = header & Write.Kind.delete.rawValue != 0
    let keyCount = try takeCount(max: Write.keyBytesMax)
    guard keyCount > 0 else { throw MalformedBytes() }
    let valueCount = isDelete ? 0 : try takeCount(max: Write.valueBytesMax)
    let ifMatch = try takeCondition(header >> Header.ifMatchShift & 3)
    let ifNoneMatch = try takeCondition(header >> Header.ifNoneMatchShift & 3)
    let key = try take(count: keyCount)
    let value = try take(count: valueCount)
    var write = isDelete ? Write(delete: key) : Write(set: key, to: value)
    write.ifMatch = ifMatch
    write.ifNoneMatch = ifNoneMatch
    if header & Header.hasIdempotencyKey != 0 {
      let count = Int(try take(UInt8.self))
      guard 1...Write.idempotencyKeyBytesMax ~= count else { throw MalformedBytes() }
      write.idempotencyKey = try take(count: count)
    }
    if header & Header.isMerge != 0 {
      write.mergeFields = try take(count: Write.Merge.encodedBytes).baseAddress
    }
    return write
  }

  fileprivate mutating func takeMerge() throws(MalformedBytes) -> Write.Merge {
    let base = try takeDigest()
    return Write.Merge(base: base, writtenAt: try take(UInt64.self), server: try take(UInt8.self))
  }

  private mutating func takeCondition(_ code: UInt8) throws(MalformedBytes) -> Write.Condition {
    switch code {
    case 0: return .none
    case 1: return .any
    case 2:
      let count = Int(try take(UInt8.self))
      guard count <= Write.tagsMax else { throw MalformedBytes() }
      return .tags(TagList(try take(count: count * Tag.encodedBytes)))
    default: throw MalformedBytes()
    }
  }
}

/// The writes of a batch in which nothing else stands, one after another.
package struct WriteReader {
  private var reader: ByteReader

  /// Bytes read so far: a write's encoding lies between the offsets before and after it was read.
  package var offset: Int { reader.offset }

  package init(_ bytes: UnsafeRawBufferPointer) {
    reader = ByteReader(bytes)
  }

  /// The next write, nil at the end.
  package mutating func next() throws(MalformedBytes) -> Write? {
    reader.isAtEnd ? nil : try reader.takeWrite()
  }
}
