/// Encoding into a byte array that the caller owns and reuses. Integers are little-endian.
extension [UInt8] {
  public mutating func put(_ byte: UInt8) {
    append(byte)
  }

  @inline(__always)
  public mutating func put<Value: FixedWidthInteger>(_ value: Value) {
    Swift.withUnsafeBytes(of: value.littleEndian) { put($0) }
  }

  /// LEB128: seven bits a byte, low bits first, at most ten bytes.
  public mutating func putVarint(_ value: UInt64) {
    if value < 0x80 { return append(UInt8(truncatingIfNeeded: value)) }
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
    Swift.withUnsafeBytes(of: (digest.low.littleEndian, digest.high.littleEndian)) { put($0) }
  }

  public mutating func put(_ bytes: [UInt8]) {
    append(contentsOf: bytes)
  }

  /// As `append(contentsOf:)`, which is made for any sequence and takes twice the instructions.
  public mutating func put(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress, !bytes.isEmpty else { return }
    append(addingCapacity: bytes.count) { span in
      span.withUnsafeMutableBufferPointer { buffer, count in
        UnsafeMutableRawPointer(buffer.baseAddress!).copyMemory(from: source, byteCount: bytes.count)
        count = bytes.count
      }
    }
  }

  /// A varint length, then the bytes.
  public mutating func putCounted(_ bytes: UnsafeRawBufferPointer) {
    putVarint(bytes.count)
    put(bytes)
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
