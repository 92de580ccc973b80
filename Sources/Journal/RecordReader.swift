import Bytes

/// Hands out the records of a segment, in order, up to sector `end` as opening found it. Throws if the bytes are
/// not those that opening saw.
package func readRecords(
  of segment: UnsafeRawBufferPointer, sequence: UInt64, end: Int, incarnation: UInt64,
  _ body: (Record) -> Void
) throws(MalformedBytes) {
  guard end * Sector.size <= segment.count else { throw MalformedBytes() }
  var stream: [UInt8] = []
  for number in 0..<end {
    let sector = UnsafeRawBufferPointer(rebasing: segment[number * Sector.size..<(number + 1) * Sector.size])
    guard case .valid(let header) = Sector.read(sector, number: number, key: (incarnation, sequence)) else {
      throw MalformedBytes()
    }
    let part = sector[Sector.headerSize..<Sector.headerSize + header.used]
    stream.put(UnsafeRawBufferPointer(rebasing: part))
    guard header.isLast else { continue }
    if !stream.withUnsafeBytes({ handOut(ByteReader($0), body) }) { throw MalformedBytes() }
    stream.removeAll(keepingCapacity: true)
  }
  guard stream.isEmpty else { throw MalformedBytes() }
}

private func handOut(_ group: ByteReader, _ body: (Record) -> Void) -> Bool {
  var group = group
  while !group.isAtEnd {
    guard let record = try? group.takeRecord() else { return false }
    if record.kind != .end { body(record) }
  }
  return true
}
