import Bytes

/// The unit of the journal: 512 bytes, written once, each vouching for itself.
///
///      0  check u64      SipHash under (incarnation, segment), of the sector's number and bytes 8 ..< 512
///      8  behind u32     how many sectors before this one the known durable place was when it was written
///     12  used u16       bytes of the group's stream in this sector
///     14  flags u8       1: the last of its group
///     15  format u8      1
///     16  stream         the rest up to 512 is zero
///
/// A segment is all zero before its first sector is written. So what a crash leaves of a sector is zero or
/// whole; anything else is damage.
enum Sector {
  static let size = 512
  static let headerSize = 16
  static let capacity = size - headerSize
  static let format: UInt8 = 1
  static let isLastFlag: UInt8 = 1

  struct Header {
    let behind: UInt32
    let used: Int
    let isLast: Bool
  }

  enum Content {
    case zero
    case valid(Header)
    case damaged
  }

  /// Appends one whole sector.
  static func put(
    _ stream: UnsafeRawBufferPointer, header: Header, number: Int, key: (UInt64, UInt64),
    into bytes: inout [UInt8]
  ) {
    let start = bytes.count
    bytes.put(UInt64(0))
    bytes.put(header.behind)
    bytes.put(UInt16(header.used))
    bytes.put(header.isLast ? isLastFlag : 0)
    bytes.put(format)
    bytes.put(stream)
    bytes.append(contentsOf: repeatElement(0, count: capacity - stream.count))
    bytes.withUnsafeMutableBytes { all in
      let sector = UnsafeMutableRawBufferPointer(rebasing: all[start..<start + size])
      let check = check(UnsafeRawBufferPointer(sector), number: number, key: key)
      sector.storeBytes(of: check.littleEndian, as: UInt64.self)
    }
  }

  static func read(_ sector: UnsafeRawBufferPointer, number: Int, key: (UInt64, UInt64)) -> Content {
    let stored = UInt64(littleEndian: sector.loadUnaligned(as: UInt64.self))
    if stored == 0, isZero(sector) { return .zero }
    guard stored == check(sector, number: number, key: key) else { return .damaged }
    let behind = UInt32(littleEndian: sector.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
    let used = Int(UInt16(littleEndian: sector.loadUnaligned(fromByteOffset: 12, as: UInt16.self)))
    let flags = sector[14]
    guard sector[15] == format, flags & ~isLastFlag == 0, used > 0, used <= capacity else { return .damaged }
    let isLast = flags == isLastFlag
    guard isLast || used == capacity else { return .damaged }
    return .valid(Header(behind: behind, used: used, isLast: isLast))
  }

  static func check(_ sector: UnsafeRawBufferPointer, number: Int, key: (UInt64, UInt64)) -> UInt64 {
    var sip = SipHash(key: key, isWide: false)
    sip.update(UInt64(number))
    sip.update(UnsafeRawBufferPointer(rebasing: sector[8..<size]))
    return sip.hash()
  }
}

/// Whether there is nothing but zeros.
func isZero(_ bytes: UnsafeRawBufferPointer) -> Bool {
  var offset = 0
  while offset + 8 <= bytes.count {
    if bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) != 0 { return false }
    offset += 8
  }
  return bytes[offset...].allSatisfy { $0 == 0 }
}
