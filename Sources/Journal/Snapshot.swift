import Bytes

/// A snapshot file: a header, chunks of the state, a trailer. Each piece:
///
///      0  check u64      SipHash under (incarnation, op), of the piece's number, bytes 8 ..< 16 and the payload
///      8  length u32     of the payload
///     12  kind u8        1 header, 2 chunk, 3 trailer; then three zeros
///     16  payload
///
/// Header: magic "QUORSNAP", floor u64. Trailer: number of chunks u64, bytes in them u64.
enum SnapshotPiece {
  static let headerSize = 16
  static let magic = Array("QUORSNAP".utf8)

  enum Kind: UInt8 {
    case header = 1
    case chunk = 2
    case trailer = 3
  }

  static func put(
    _ kind: Kind, _ payload: UnsafeRawBufferPointer, number: UInt64, key: (UInt64, UInt64),
    into bytes: inout [UInt8]
  ) {
    let word = UInt64(payload.count) | UInt64(kind.rawValue) << 32
    bytes.put(check(word, payload, number: number, key: key))
    bytes.put(word)
    bytes.put(payload)
  }

  static func check(
    _ word: UInt64, _ payload: UnsafeRawBufferPointer, number: UInt64, key: (UInt64, UInt64)
  ) -> UInt64 {
    var sip = SipHash(key: key, isWide: false)
    sip.update(number)
    sip.update(word)
    sip.update(payload)
    return sip.hash()
  }
}

/// Bytes of the longest chunk of a snapshot.
package let snapshotChunkMax = 1 << 20

/// Writes a snapshot piece by piece, each appended to a buffer that the caller writes to `snapshotDraft`, syncs,
/// and renames.
package struct SnapshotFileWriter {
  private let key: (UInt64, UInt64)
  private let floor: UInt64
  private var number: UInt64 = 0
  private var byteCount: UInt64 = 0

  /// The state after `op`. `floor`: the first segment that is still needed with it (`RecordWriter.floor`).
  package init(incarnation: UInt64, op: UInt64, floor: UInt64) {
    key = (incarnation, op)
    self.floor = floor
  }

  package mutating func begin(into bytes: inout [UInt8]) {
    precondition(number == 0)
    var header = SnapshotPiece.magic
    header.put(floor)
    put(.header, header, into: &bytes)
  }

  package mutating func append(_ chunk: UnsafeRawBufferPointer, into bytes: inout [UInt8]) {
    precondition(number > 0 && chunk.count <= snapshotChunkMax)
    byteCount += UInt64(chunk.count)
    SnapshotPiece.put(.chunk, chunk, number: number, key: key, into: &bytes)
    number += 1
  }

  package mutating func finish(into bytes: inout [UInt8]) {
    precondition(number > 0)
    var trailer: [UInt8] = []
    trailer.put(number - 1)
    trailer.put(byteCount)
    put(.trailer, trailer, into: &bytes)
  }

  private mutating func put(_ kind: SnapshotPiece.Kind, _ payload: [UInt8], into bytes: inout [UInt8]) {
    payload.withUnsafeBytes { SnapshotPiece.put(kind, $0, number: number, key: key, into: &bytes) }
    number += 1
  }
}

/// Reads a whole snapshot file: the chunks in order, then the floor. Throws if it is not complete and sound to
/// the last byte; chunks handed out before that are void.
package func readSnapshot(
  _ file: UnsafeRawBufferPointer, incarnation: UInt64, op: UInt64,
  _ body: (UnsafeRawBufferPointer) -> Void = { _ in }
) throws(MalformedBytes) -> UInt64 {
  var reader = ByteReader(file)
  var pieces = SnapshotPieces(key: (incarnation, op))
  var header = ByteReader(try pieces.take(.header, &reader))
  guard try header.take(count: SnapshotPiece.magic.count).elementsEqual(SnapshotPiece.magic) else {
    throw MalformedBytes()
  }
  let floor = try header.take(UInt64.self)
  try header.expectEnd()
  var byteCount: UInt64 = 0
  while try pieces.isChunkNext(reader) {
    let chunk = try pieces.take(.chunk, &reader)
    byteCount += UInt64(chunk.count)
    body(chunk)
  }
  let chunkCount = pieces.number - 1
  var trailer = ByteReader(try pieces.take(.trailer, &reader))
  guard try trailer.take(UInt64.self) == chunkCount, try trailer.take(UInt64.self) == byteCount else {
    throw MalformedBytes()
  }
  try trailer.expectEnd()
  try reader.expectEnd()
  return floor
}

private struct SnapshotPieces {
  let key: (UInt64, UInt64)
  var number: UInt64 = 0

  func isChunkNext(_ reader: ByteReader) throws(MalformedBytes) -> Bool {
    var peek = reader
    _ = try peek.take(count: 12)
    return try peek.take(UInt8.self) == SnapshotPiece.Kind.chunk.rawValue
  }

  mutating func take(
    _ kind: SnapshotPiece.Kind, _ reader: inout ByteReader
  ) throws(MalformedBytes) -> UnsafeRawBufferPointer {
    let check = try reader.take(UInt64.self)
    let word = try reader.take(UInt64.self)
    let count = Int(word & 0xffff_ffff)
    guard word >> 32 == UInt64(kind.rawValue), count <= snapshotChunkMax else { throw MalformedBytes() }
    let payload = try reader.take(count: count)
    guard check == SnapshotPiece.check(word, payload, number: number, key: key) else {
      throw MalformedBytes()
    }
    number += 1
    return payload
  }
}
