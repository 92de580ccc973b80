import Bytes

/// The version of everything this module writes.
package let journalVersion: UInt32 = 1

/// Whose journal it is. Small, and replaced whole.
///
///     0  magic "QUORJRNL"    8  version u32    12  check u64 of all the rest    20  fields
///
/// These places hold in every version, so that a newer file is told from a damaged one.
package struct Meta: Equatable, Sendable {
  /// Digest of the sorted set of servers.
  package var cluster: Digest
  /// The server's own address as written, at most `addressMax` bytes.
  package var address: [UInt8]
  /// Drawn at random when the directory was made; part of every checksum in it.
  package var incarnation: UInt64
  /// Bytes of each segment file.
  package var segmentSize: Int
  /// What else must not be forgotten and seldom changes, at most `formationMax` bytes.
  package var formation: [UInt8]

  package static let addressMax = 1024
  package static let formationMax = 1 << 20

  package init(cluster: Digest, address: [UInt8], incarnation: UInt64, segmentSize: Int, formation: [UInt8]) {
    self.cluster = cluster
    self.address = address
    self.incarnation = incarnation
    self.segmentSize = segmentSize
    self.formation = formation
  }

  package var layout: SegmentLayout { SegmentLayout(segmentSize: segmentSize) }

  package func encode() -> [UInt8] {
    precondition(address.count <= Meta.addressMax && formation.count <= Meta.formationMax)
    precondition(SegmentLayout.isValid(segmentSize: segmentSize))
    var bytes = metaMagic
    bytes.put(journalVersion)
    bytes.put(UInt64(0))
    bytes.put(cluster)
    bytes.put(incarnation)
    bytes.put(UInt32(segmentSize))
    bytes.putCounted(address)
    bytes.putCounted(formation)
    let check = bytes.withUnsafeBytes { metaCheck($0) }
    bytes.patch(UInt32(truncatingIfNeeded: check), at: 12)
    bytes.patch(UInt32(truncatingIfNeeded: check >> 32), at: 16)
    return bytes
  }

  package enum Decoded: Equatable, Sendable {
    case meta(Meta)
    case newer(version: UInt32)
    case damaged
  }

  package static func decode(_ bytes: UnsafeRawBufferPointer) -> Decoded {
    var reader = ByteReader(bytes)
    guard let magic = try? reader.take(count: metaMagic.count), magic.elementsEqual(metaMagic),
      let version = try? reader.take(UInt32.self), let check = try? reader.take(UInt64.self),
      check == metaCheck(bytes)
    else { return .damaged }
    guard version <= journalVersion else { return .newer(version: version) }
    guard version == journalVersion, let meta = try? fields(&reader) else { return .damaged }
    return .meta(meta)
  }

  private static func fields(_ reader: inout ByteReader) throws(MalformedBytes) -> Meta {
    let cluster = try reader.takeDigest()
    let incarnation = try reader.take(UInt64.self)
    let segmentSize = Int(try reader.take(UInt32.self))
    let address = Array(try reader.takeCounted(max: addressMax))
    let formation = Array(try reader.takeCounted(max: formationMax))
    try reader.expectEnd()
    guard SegmentLayout.isValid(segmentSize: segmentSize) else { throw MalformedBytes() }
    return Meta(
      cluster: cluster, address: address, incarnation: incarnation, segmentSize: segmentSize,
      formation: formation)
  }
}

private let metaMagic = Array("QUORJRNL".utf8)

/// Over all but the check itself.
private func metaCheck(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
  var sip = SipHash(isWide: false)
  sip.update(UnsafeRawBufferPointer(rebasing: bytes[..<12]))
  sip.update(UnsafeRawBufferPointer(rebasing: bytes[20...]))
  return sip.hash()
}
