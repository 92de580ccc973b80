/// A 128-bit digest: the chain of the log, the identity of a write, of a configuration, of a state.
public struct Digest: Hashable, Comparable, Sendable {
  public var low: UInt64
  public var high: UInt64

  public static let zero = Digest(low: 0, high: 0)

  public init(low: UInt64, high: UInt64) {
    self.low = low
    self.high = high
  }

  public static func < (left: Digest, right: Digest) -> Bool {
    (left.high, left.low) < (right.high, right.low)
  }
}

extension Digest: CustomStringConvertible {
  /// 32 lower-case hexadecimal digits, high half first.
  public var description: String {
    hexadecimal(high) + hexadecimal(low)
  }
}

/// 16 lower-case hexadecimal digits.
public func hexadecimal(_ value: UInt64) -> String {
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}

/// SipHash (Aumasson and Bernstein, 2012), incremental. One function serves as checksum, chain hash, identity
/// and table hash; with a secret key it also resists chosen collisions in a hash table.
///
/// The project uses 1 compression and 3 finalization rounds; 2 and 4 exist for the published vectors.
public struct SipHash {
  var v0: UInt64
  var v1: UInt64
  var v2: UInt64
  var v3: UInt64
  /// Bytes not yet compressed, low byte first.
  var tail: UInt64 = 0
  var count: UInt64 = 0
  let isWide: Bool
  let compressionRounds: Int
  let finalizationRounds: Int

  /// A wide one is for `digest()`, another for `hash()`: the two differ from the start.
  public init(
    key: (UInt64, UInt64) = (0, 0), isWide: Bool, compressionRounds: Int = 1, finalizationRounds: Int = 3
  ) {
    v0 = key.0 ^ 0x736f_6d65_7073_6575
    v1 = key.1 ^ 0x646f_7261_6e64_6f6d
    v2 = key.0 ^ 0x6c79_6765_6e65_7261
    v3 = key.1 ^ 0x7465_6462_7974_6573
    if isWide { v1 ^= 0xee }
    self.isWide = isWide
    self.compressionRounds = compressionRounds
    self.finalizationRounds = finalizationRounds
  }

  @inline(__always)
  mutating func round() {
    v0 &+= v1
    v1 = (v1 << 13 | v1 >> 51) ^ v0
    v0 = v0 << 32 | v0 >> 32
    v2 &+= v3
    v3 = (v3 << 16 | v3 >> 48) ^ v2
    v0 &+= v3
    v3 = (v3 << 21 | v3 >> 43) ^ v0
    v2 &+= v1
    v1 = (v1 << 17 | v1 >> 47) ^ v2
    v2 = v2 << 32 | v2 >> 32
  }

  @inline(__always)
  mutating func compress(_ word: UInt64) {
    v3 ^= word
    for _ in 0..<compressionRounds { round() }
    v0 ^= word
  }

  public mutating func update(_ byte: UInt8) {
    tail |= UInt64(byte) << (8 * (count & 7))
    count &+= 1
    if count & 7 == 0 {
      compress(tail)
      tail = 0
    }
  }

  /// Eight bytes, little-endian.
  public mutating func update(_ word: UInt64) {
    let shift = 8 * (count & 7)
    compress(tail | word << shift)
    tail = shift == 0 ? 0 : word >> (64 - shift)
    count &+= 8
  }

  public mutating func update(_ digest: Digest) {
    update(digest.low)
    update(digest.high)
  }

  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    var offset = 0
    while offset &+ 8 <= bytes.count {
      update(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
      offset &+= 8
    }
    while offset < bytes.count {
      update(bytes[offset])
      offset &+= 1
    }
  }

  public mutating func update(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { update($0) }
  }

  @inline(__always)
  mutating func finish() -> UInt64 {
    for _ in 0..<finalizationRounds { round() }
    return v0 ^ v1 ^ v2 ^ v3
  }

  /// The 64-bit hash of all that was given.
  public consuming func hash() -> UInt64 {
    precondition(!isWide)
    compress(tail | count << 56)
    v2 ^= 0xff
    return finish()
  }

  /// The 128-bit digest of all that was given.
  public consuming func digest() -> Digest {
    precondition(isWide)
    compress(tail | count << 56)
    v2 ^= 0xee
    let low = finish()
    v1 ^= 0xdd
    return Digest(low: low, high: finish())
  }
}

extension SipHash {
  /// The 64-bit hash of `bytes` under `key`.
  public static func hash(_ bytes: UnsafeRawBufferPointer, key: (UInt64, UInt64) = (0, 0)) -> UInt64 {
    var sip = SipHash(key: key, isWide: false)
    sip.update(bytes)
    return sip.hash()
  }
}
