// Any bytes as the files of a journal: opening must end in a result, and what it calls sound must be readable.
// The first byte chooses; with a checksum in the way of everything, half of the ways put the right ones in.
import Bytes
import Journal

private let incarnation: UInt64 = 77
private let layout = SegmentLayout(segmentSize: SegmentLayout.segmentSizeMin)
private let cluster = Digest(low: 1, high: 2)
private let sectorSize = 512

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard count > 1 else { return 0 }
  let input = Array(UnsafeBufferPointer(start: start, count: count))
  let rest = Array(input[1...])
  switch input[0] % 5 {
  case 0: decodeMeta(rest)
  case 1: decodeSnapshot(rest)
  case 2: openSegments(sectors(rest), isSealed: false)
  case 3: openSegments(sectors(rest), isSealed: true)
  default: name(rest)
  }
  return 0
}

private func decodeMeta(_ bytes: [UInt8]) {
  guard case .meta(let meta) = bytes.withUnsafeBytes({ Meta.decode($0) }) else { return }
  precondition(meta.encode() == bytes)
}

/// What is taken can be written again to the same bytes.
private func decodeSnapshot(_ bytes: [UInt8]) {
  var chunks: [[UInt8]] = []
  let floor = bytes.withUnsafeBytes { file in
    try? readSnapshot(file, incarnation: incarnation, op: 9) { chunks.append(Array($0)) }
  }
  guard let floor else { return }
  var again: [UInt8] = []
  var writer = SnapshotFileWriter(incarnation: incarnation, op: 9, floor: floor)
  writer.begin(into: &again)
  for chunk in chunks { chunk.withUnsafeBytes { writer.append($0, into: &again) } }
  writer.finish(into: &again)
  precondition(again == bytes)
}

private func name(_ bytes: [UInt8]) {
  let text = String(decoding: bytes, as: UTF8.self)
  if let file = JournalFile(name: text) { precondition(file.name == text) }
}

/// A script: segment and sector (two bytes), a count of bytes, the bytes; over and over.
private func sectors(_ script: [UInt8]) -> [[UInt8]] {
  var segments = Array(repeating: [UInt8](repeating: 0, count: layout.segmentSize), count: 2)
  var rest = script[...]
  while rest.count > 3 {
    let sector = Int(rest.removeFirst()) % layout.sectorCount
    let low = Int(rest.removeFirst())
    let length = min(rest.count, min(low * 2, sectorSize))
    let at = sector * sectorSize
    segments[low & 1].replaceSubrange(at..<at + length, with: rest.prefix(length))
    rest = rest.dropFirst(length)
  }
  return segments
}

private func seal(_ segment: inout [UInt8], _ sequence: UInt64) {
  for sector in 0..<layout.sectorCount {
    let at = sector * sectorSize
    guard segment[at..<at + sectorSize].contains(where: { $0 != 0 }) else { continue }
    segment[at + 14] &= 1
    segment[at + 15] = 1
    var sip = SipHash(key: (incarnation, sequence), isWide: false)
    sip.update(UInt64(sector))
    sip.update(Array(segment[at + 8..<at + sectorSize]))
    let check = sip.hash()
    for byte in 0..<8 { segment[at + byte] = UInt8(truncatingIfNeeded: check >> (8 * UInt64(byte))) }
  }
}

private func openSegments(_ given: [[UInt8]], isSealed: Bool) {
  var segments = given
  if isSealed {
    for number in segments.indices { seal(&segments[number], UInt64(number + 1)) }
  }
  let meta = Meta(
    cluster: cluster, address: [], incarnation: incarnation, segmentSize: layout.segmentSize, formation: [])
  let names = [JournalFile.meta, .segment(1), .segment(2)].map(\.name)
  var opening = Opening(cluster: cluster, address: [], names: names)
  while let file = opening.wanted {
    let bytes = if case .segment(let sequence) = file { segments[Int(sequence) - 1] } else { meta.encode() }
    bytes.withUnsafeBytes { opening.give($0) }
  }
  switch opening.result! {
  case .intact(let contents), .torn(let contents): goOn(contents, segments)
  case .damaged: break
  case .empty, .foreign, .newer: preconditionFailure("a meta file was given")
  }
}

/// What opening accepts can be read to the end, and gone on with.
private func goOn(_ contents: JournalContents, _ segments: [[UInt8]]) {
  var state: [UInt8] = []
  for segment in contents.segments {
    segments[Int(segment.sequence) - 1].withUnsafeBytes { bytes in
      do {
        try readRecords(of: bytes, sequence: segment.sequence, end: segment.end, incarnation: incarnation) {
          if $0.kind == .state { state = Array($0.payload) }
        }
      } catch {
        preconditionFailure("accepted, but cannot be read")
      }
    }
  }
  guard state.count <= RecordWriter.stateMax else { return }
  var writer = RecordWriter(
    incarnation: incarnation, layout: layout, position: contents.end, ready: contents.ready, state: state,
    index: contents.index)
  _ = writer.append(.entry, op: 1, payload: [1])
  writer.seal()
}
