import Bytes
import Journal
import Support
import VSR
import XCTest

@testable import Disk

/// The orders of docs/journal.md, step by step: what a crash would show only rarely.
final class OrderTests: DiskTestCase {
  private enum Heard: Equatable {
    case step(DiskStep)
    case append(JournalFile)
    case saved
  }

  private var heard: [Heard] = []
  private let size = smallLayout.segmentSize

  private func opened() throws -> OpenedDisk {
    heard = []
    let probe = DiskProbe(ended: { [self] operation in
      switch operation {
      case .append(let file, _, _): if heard.last != .append(file) { heard.append(.append(file)) }
      // What is written does not matter here.
      case .step(.write(let file, let offset, _)): heard.append(.step(.write(file, offset: offset, [])))
      case .step(let step): heard.append(.step(step))
      }
      return nil
    })
    return try open(nil, .sample, DiskOptions(small: probe)).get()
  }

  private func steps(_ steps: DiskStep...) -> [Heard] { steps.map { .step($0) } }

  func testBirth() throws {
    let disk = try opened().disk
    XCTAssertEqual(
      heard,
      steps(
        .create(.segmentDraft), .blank(.segmentDraft, from: 0, to: size), .sync(.segmentDraft),
        .close(.segmentDraft), .rename(.segmentDraft, to: .segment(1)), .syncDirectory,
        .open(.segment(1), synced: true), .create(.metaDraft), .write(.metaDraft, offset: 0, []),
        .sync(.metaDraft), .close(.metaDraft), .rename(.metaDraft, to: .meta), .syncDirectory, .syncParent))
    close(disk)
  }

  func testASnapshotThenASegmentUsedAgain() throws {
    var random = Random(state: 1)
    let author = Author()
    let disk = try opened().disk
    let listener = Listener()
    disk.handler = listener
    listener.onSaved = { [self] _ in heard.append(.saved) }
    disk.record([author.begin()] + (0..<40).map { _ in author.append(random.noise(3000)) })
    disk.record([author.commit(through: 40)])
    disk.flush()
    run { listener.synced == 42 && disk.queue.writer.ready == 3 }
    heard = []
    disk.save(try XCTUnwrap(author.snapshot))
    run { listener.saved == [40] }
    XCTAssertEqual(
      heard,
      steps(.create(.snapshotDraft)) + [.append(.snapshotDraft)]
        + steps(
          .sync(.snapshotDraft), .close(.snapshotDraft), .rename(.snapshotDraft, to: .snapshot(40)),
          .syncDirectory) + [.saved])
    heard = []
    disk.recycle(through: 40)
    let next = disk.queue.writer.ready + 1
    run {
      disk.record([author.append(random.noise(3000))])
      disk.flush()
      return disk.queue.writer.ready == next
    }
    let isRecord: (Heard) -> Bool = { if case .append(.segment) = $0 { true } else { false } }
    XCTAssertEqual(
      heard.filter { !isRecord($0) && $0 != .step(.remove(.segment(2))) },
      steps(
        .rename(.segment(1), to: .segmentDraft), .open(.segmentDraft, synced: false),
        .blank(.segmentDraft, from: 0, to: size), .sync(.segmentDraft), .close(.segmentDraft),
        .rename(.segmentDraft, to: .segment(next)), .syncDirectory, .open(.segment(next), synced: true)))
    close(disk)
  }

  /// What a start finds is blanked behind the cut, synced and named durably before anything is removed.
  func testAfterATear() throws {
    let author = Author()
    var disk = try opened().disk
    let listener = Listener()
    disk.handler = listener
    disk.record([author.begin()])
    disk.flush()
    run { listener.synced == 1 }
    let kept = author.marks[1]
    let cut = disk.queue.writer.position.sector
    disk.record([author.append([UInt8](repeating: 7, count: 2000))])
    close(disk)
    let name = JournalFile.segment(1).name
    var bytes = try XCTUnwrap(files()[name])
    bytes.replaceSubrange(cut * 512..<(cut + 1) * 512, with: [UInt8](repeating: 0, count: 512))
    try place(bytes, as: name)
    try place([1, 2], as: JournalFile.snapshotDraft.name)
    let again = try opened()
    disk = again.disk
    XCTAssertEqual(again.notes, [.torn(segment: 1, sector: cut)])
    XCTAssertEqual(Mark(again.restored), kept)
    XCTAssertEqual(
      heard,
      steps(
        .open(.segment(1), synced: false), .blank(.segment(1), from: cut * 512, to: size),
        .sync(.segment(1)), .close(.segment(1)), .syncDirectory, .remove(.snapshotDraft),
        .open(.segment(1), synced: true)))
    close(disk)
    XCTAssertEqual(try XCTUnwrap(files()[name])[(cut * 512)...].filter { $0 != 0 }.count, 0)
  }
}
