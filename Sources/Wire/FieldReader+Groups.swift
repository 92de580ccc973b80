import Bytes
import KVStore
import VSR

// Writes are looked at where they lie: a group that arrives holds exactly the writes it counts, so that nobody
// finds out at execution that one does not decode.
extension FieldReader {
  /// Whether `body` is one or more groups, and nothing else.
  func checkGroups(_ body: UnsafeRawBufferPointer) throws(MalformedBytes) {
    var groups = ByteReader(body)
    var count = 0
    repeat {
      count += 1
      guard count <= Bounds.batchGroupsMax else { throw MalformedBytes() }
      try FieldReader.skipGroup(&groups)
    } while !groups.isAtEnd
  }

  mutating func takeGroup() throws(MalformedBytes) -> Group {
    var ahead = bytes
    try FieldReader.skipGroup(&ahead)
    return try Group.take(from: &bytes)
  }

  /// The layout is that of `Group.put`.
  private static func skipGroup(_ reader: inout ByteReader) throws(MalformedBytes) {
    _ = try reader.take(Session.self)
    let first = try reader.takeVarint()
    let count = try reader.takeCount(max: Bounds.groupWritesMax)
    guard count > 0, first <= UInt64.max - UInt64(count) else { throw MalformedBytes() }
    var writes = ByteReader(try reader.takeCounted(max: Bounds.groupBytesMax))
    for _ in 0..<count { _ = try writes.takeWrite() }
    try writes.expectEnd()
  }
}
