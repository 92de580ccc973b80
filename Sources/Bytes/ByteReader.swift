/// Bytes that do not mean what they should: too short, out of bounds, not canonical.
public struct MalformedBytes: Error, Equatable {
  public init() {}
}

/// Decoding with bounds: every read either succeeds whole or throws and reads nothing past the end. Borrowed:
/// valid only within the closure that gave the pointer.
public struct ByteReader {
  let base: UnsafeRawBufferPointer
  /// Bytes read so far.
  public private(set) var offset = 0

  public var remaining: Int { base.count - offset }
  public var isAtEnd: Bool { offset == base.count }

  public init(_ bytes: UnsafeRawBufferPointer) {
    base = bytes
  }

  public mutating func take<Value: FixedWidthInteger>(_ type: Value.Type) throws(MalformedBytes) -> Value {
    guard remaining >= MemoryLayout<Value>.size else { throw MalformedBytes() }
    let value = base.loadUnaligned(fromByteOffset: offset, as: Value.self)
    offset += MemoryLayout<Value>.size
    return Value(littleEndian: value)
  }

  /// A shortest-form LEB128 of at most 64 bits.
  public mutating func takeVarint() throws(MalformedBytes) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let byte = try take(UInt8.self)
      let bits = UInt64(byte & 0x7f)
      guard shift < 63 || bits <= 1 else { throw MalformedBytes() }
      value |= bits << shift
      if byte & 0x80 == 0 {
        guard byte != 0 || shift == 0 else { throw MalformedBytes() }
        return value
      }
      shift += 7
      guard shift <= 63 else { throw MalformedBytes() }
    }
  }

  /// A varint that counts something of which at most `max` may follow.
  public mutating func takeCount(max: Int) throws(MalformedBytes) -> Int {
    let value = try takeVarint()
    guard value <= UInt64(max) else { throw MalformedBytes() }
    return Int(value)
  }

  public mutating func takeDigest() throws(MalformedBytes) -> Digest {
    let low = try take(UInt64.self)
    return Digest(low: low, high: try take(UInt64.self))
  }

  /// The next `count` bytes, borrowed.
  public mutating func take(count: Int) throws(MalformedBytes) -> UnsafeRawBufferPointer {
    guard count >= 0, count <= remaining else { throw MalformedBytes() }
    defer { offset += count }
    return UnsafeRawBufferPointer(rebasing: base[offset..<offset + count])
  }

  /// A varint length of at most `max`, then so many bytes, borrowed.
  public mutating func takeCounted(max: Int) throws(MalformedBytes) -> UnsafeRawBufferPointer {
    try take(count: try takeCount(max: max))
  }

  /// Every byte must have been read: what follows a record is not ours to ignore.
  public func expectEnd() throws(MalformedBytes) {
    guard isAtEnd else { throw MalformedBytes() }
  }
}
