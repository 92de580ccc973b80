import Bytes

/// One key with what belongs to it, as it lies in a shard's block. A view: valid until the shard changes.
///
/// Layout: stamp (8 bytes), digest (16), key count (2), value count (2), key, value; little-endian, padded to a
/// multiple of `alignment`.
struct Record {
  static let headBytes = 28
  static let alignment = 4

  let base: UnsafeRawPointer

  /// A number that orders records: of an entry the write counter, of an outcome its place in log order.
  var stamp: UInt64 { UInt64(littleEndian: base.loadUnaligned(as: UInt64.self)) }

  /// Of an entry the identity of its last write, of an outcome the digest of its request.
  var digest: Digest {
    Digest(
      low: UInt64(littleEndian: base.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
      high: UInt64(littleEndian: base.loadUnaligned(fromByteOffset: 16, as: UInt64.self)))
  }

  private var keyCount: Int {
    Int(UInt16(littleEndian: base.loadUnaligned(fromByteOffset: 24, as: UInt16.self)))
  }

  private var valueCount: Int {
    Int(UInt16(littleEndian: base.loadUnaligned(fromByteOffset: 26, as: UInt16.self)))
  }

  var key: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base + Self.headBytes, count: keyCount)
  }

  var value: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base + Self.headBytes + keyCount, count: valueCount)
  }

  /// Key and value bytes.
  var payloadBytes: Int { keyCount + valueCount }

  /// What it takes of a block.
  var size: Int { Self.size(payloadBytes: payloadBytes) }

  static func size(payloadBytes: Int) -> Int {
    (headBytes + payloadBytes + alignment - 1) & ~(alignment - 1)
  }

  var parts: RecordParts {
    RecordParts(key: key, value: value, stamp: stamp, digest: digest)
  }

  /// Covers everything the record says, and nothing of where it lies.
  var hash: Digest {
    var sip = SipHash(isWide: true)
    sip.update(UnsafeRawBufferPointer(start: base, count: Self.headBytes + payloadBytes))
    return sip.digest()
  }
}

/// What a record is made of.
struct RecordParts {
  var key: UnsafeRawBufferPointer
  var value: UnsafeRawBufferPointer
  var stamp: UInt64
  var digest: Digest

  var size: Int { Record.size(payloadBytes: key.count + value.count) }

  func write(to base: UnsafeMutableRawPointer) {
    base.storeBytes(of: stamp.littleEndian, as: UInt64.self)
    base.storeBytes(of: digest.low.littleEndian, toByteOffset: 8, as: UInt64.self)
    base.storeBytes(of: digest.high.littleEndian, toByteOffset: 16, as: UInt64.self)
    base.storeBytes(of: UInt16(key.count).littleEndian, toByteOffset: 24, as: UInt16.self)
    base.storeBytes(of: UInt16(value.count).littleEndian, toByteOffset: 26, as: UInt16.self)
    let payload = base + Record.headBytes
    if let start = key.baseAddress { payload.copyMemory(from: start, byteCount: key.count) }
    if let start = value.baseAddress {
      (payload + key.count).copyMemory(from: start, byteCount: value.count)
    }
  }
}
