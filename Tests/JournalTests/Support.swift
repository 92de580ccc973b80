import Bytes
import Support
import XCTest

@testable import Journal

extension Random {
  mutating func bytes(_ count: Int) -> [UInt8] {
    // Zeros often: an unwritten place must not be guessed from zeros in a payload.
    isTrue(percent: 30) ? Array(repeating: 0, count: count) : noise(count)
  }
}

let cluster = Digest(low: 1, high: 2)
let address = Array("10.0.0.1:8081".utf8)
let smallLayout = SegmentLayout(segmentSize: SegmentLayout.segmentSizeMin)

func sampleMeta(incarnation: UInt64 = 77, layout: SegmentLayout = smallLayout) -> Meta {
  Meta(
    cluster: cluster, address: address, incarnation: incarnation, segmentSize: layout.segmentSize,
    formation: [1, 2, 3])
}

func makeSnapshot(incarnation: UInt64 = 77, op: UInt64, floor: UInt64, chunks: [[UInt8]]) -> [UInt8] {
  var bytes: [UInt8] = []
  var writer = SnapshotFileWriter(incarnation: incarnation, op: op, floor: floor)
  writer.begin(into: &bytes)
  for chunk in chunks { chunk.withUnsafeBytes { writer.append($0, into: &bytes) } }
  writer.finish(into: &bytes)
  return bytes
}

/// The files of a directory in memory.
typealias Files = [JournalFile: [UInt8]]

func open(_ files: Files, strangers: [String] = []) -> OpeningResult {
  var opening = Opening(cluster: cluster, address: address, names: files.keys.map(\.name) + strangers)
  while let file = opening.wanted {
    guard let bytes = files[file] else { preconditionFailure("asked for \(file.name), which is not there") }
    bytes.withUnsafeBytes { opening.give($0) }
  }
  guard let result = opening.result else { preconditionFailure("no result") }
  return result
}

extension OpeningResult {
  /// What can be gone on with, intact or torn.
  var contents: JournalContents? {
    switch self {
    case .intact(let contents), .torn(let contents): contents
    case .empty, .damaged, .foreign, .newer: nil
    }
  }

  var isDamaged: Bool { if case .damaged = self { true } else { false } }
}

/// A record with its own bytes.
struct OwnedRecord: Equatable {
  var kind: RecordKind
  var op: UInt64
  var chain: Digest
  var payload: [UInt8]
}

func records(in files: Files, _ contents: JournalContents) throws -> [OwnedRecord] {
  var all: [OwnedRecord] = []
  for segment in contents.segments {
    guard let bytes = files[.segment(segment.sequence)] else { throw MalformedBytes() }
    try bytes.withUnsafeBytes { bytes in
      try readRecords(
        of: bytes, sequence: segment.sequence, end: segment.end, incarnation: contents.meta.incarnation
      ) {
        all.append(OwnedRecord(kind: $0.kind, op: $0.op, chain: $0.chain, payload: Array($0.payload)))
      }
    }
  }
  return all
}

extension Files {
  mutating func addSegment(_ sequence: UInt64, _ layout: SegmentLayout = smallLayout) {
    self[.segment(sequence)] = Array<UInt8>(repeating: 0, count: layout.segmentSize)
  }

  /// Writes what was sealed.
  mutating func write(_ writer: inout RecordWriter) {
    for write in writer.writes {
      let end = write.offset + write.range.count
      self[.segment(write.sequence)]?.replaceSubrange(write.offset..<end, with: writer.bytes[write.range])
    }
    writer.clear()
  }
}

/// A directory with one segment of `count` groups of one entry each, all known durable up to the last.
func sampleJournal(groups count: Int, payload: Int = 100) -> (files: Files, writer: RecordWriter) {
  var files: Files = [.meta: sampleMeta().encode()]
  files.addSegment(1)
  var writer = RecordWriter(incarnation: 77, layout: smallLayout)
  for number in 0..<count {
    let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: payload)
    precondition(writer.append(.entry, op: UInt64(number + 1), payload: bytes))
    writer.seal()
    files.write(&writer)
    writer.synced(through: writer.position)
  }
  return (files, writer)
}
