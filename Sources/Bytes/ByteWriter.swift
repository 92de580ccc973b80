/// Encoding into a byte array that the caller owns and reuses. Integers are little-endian.
extension [UInt8] {
  public mutating func put(_ byte: UInt8) {
    append(byte)
  }

  public mutating func put<Value: FixedWidthInteger>(_ value: Value) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }

  /// LEB128: seven bits a byte, low bits first, at most ten bytes.
  public mutating func putVarint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(truncatingIfNeeded: rest))
  }

  public mutating func putVarint(_ value: Int) {
    putVarint(UInt64(value))
  }

  public mutating func put(_ digest: Digest) {
    put(digest.low)
    put(digest.high)
  }

  public mutating func put(_ bytes: [UInt8]) {
    append(contentsOf: bytes)
  }

  public mutating func put(_ bytes: UnsafeRawBufferPointer) {
    append(contentsOf: bytes)
  }

  /// A varint length, then the bytes.
  public mutating func putCounted(_ bytes: UnsafeRawBufferPointer) {
    putVarint(bytes.count)
    append(contentsOf: bytes)
  }

  /// A varint length, then the bytes.
  public mutating func putCounted(_ bytes: [UInt8]) {
    putVarint(bytes.count)
    append(contentsOf: bytes)
  }

  /// Overwrites four bytes at `offset`: for a length known only afterwards.
  public mutating func patch(_ value: UInt32, at offset: Int) {
    precondition(offset >= 0 && offset + 4 <= count)
    withUnsafeMutableBytes { $0.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt32.self) }
  }
}
