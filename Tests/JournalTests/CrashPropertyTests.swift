import Bytes
import Support
import XCTest

@testable import Journal

/// A disk that keeps, of what was not synced, any subset: whole pages, or sectors of them, in any order.
private struct FaultyDisk {
  private(set) var durable: Files
  private(set) var cached: Files
  private let pageSize = 4096

  init(_ files: Files) {
    durable = files
    cached = files
  }

  /// A file made whole, synced and named, its directory too.
  mutating func place(_ file: JournalFile, _ bytes: [UInt8]) {
    durable[file] = bytes
    cached[file] = bytes
  }

  /// Removal is not synced: after a crash the file may be back.
  mutating func remove(_ file: JournalFile) { cached[file] = nil }

  mutating func write(_ bytes: ArraySlice<UInt8>, to file: JournalFile, at offset: Int) {
    cached[file]!.replaceSubrange(offset..<offset + bytes.count, with: bytes)
  }

  mutating func sync(_ image: Files) {
    for (file, bytes) in image where cached[file] != nil { durable[file] = bytes }
  }

  mutating func crash(_ random: inout Random) {
    let keep = [0, 10, 50, 90, 100].randomElement(using: &random)!
    let tear = [0, 50].randomElement(using: &random)!
    for file in Set(durable.keys).union(cached.keys).sorted(by: { $0.name < $1.name }) {
      guard let new = cached[file] else {
        if random.isTrue(percent: 50) { durable[file] = nil }
        continue
      }
      var old = durable[file]!
      if old == new { continue }
      for page in stride(from: 0, to: old.count, by: pageSize)
      where !isSame(old, new, page) {
        let unit = random.isTrue(percent: tear) ? Sector.size : pageSize
        for part in stride(from: page, to: page + pageSize, by: unit) where random.isTrue(percent: keep) {
          old.replaceSubrange(part..<part + unit, with: new[part..<part + unit])
        }
      }
      durable[file] = old
    }
    cached = durable
  }
}

private func isSame(_ old: [UInt8], _ new: [UInt8], _ page: Int) -> Bool {
  old.withUnsafeBytes { old in
    new.withUnsafeBytes { new in memcmp(old.baseAddress! + page, new.baseAddress! + page, 4096) == 0 }
  }
}

/// One journal through several lives.
private struct Life {
  var random: Random
  var disk: FaultyDisk
  var writer = RecordWriter(incarnation: 77, layout: smallLayout)
  /// What was appended, oldest first; what opening may drop is a suffix behind `syncedCount`.
  var appended: [OwnedRecord] = []
  /// Where each of them ended, once sealed.
  var places: [Position] = []
  var syncedCount = 0
  var snapshot: UInt64 = 0
  var nextOp: UInt64 = 1
  /// What the sync under way covers.
  private var syncing: (image: Files, position: Position, files: Int)?

  init(seed: UInt64) {
    random = Random(state: seed)
    var files: Files = [.meta: sampleMeta().encode()]
    files.addSegment(1)
    disk = FaultyDisk(files)
  }

  mutating func act() {
    switch random.below(10) {
    case 0..<5: appendGroup()
    case 5..<7: beginSync()
    case 7..<9: endSync()
    default: if random.isTrue(percent: 30) { takeSnapshot() }
    }
  }

  private mutating func appendGroup() {
    if writer.spareCount == 0, random.isTrue(percent: 70) {
      let next = writer.ready + 1
      disk.place(.segment(next), [UInt8](repeating: 0, count: smallLayout.segmentSize))
      writer.prepared(next)
    }
    for _ in 0..<1 + random.below(4) {
      let isLong = random.isTrue(percent: 10)
      let payload = random.bytes(random.below(isLong ? 20_000 : 900))
      let isState = random.isTrue(percent: 20)
      var record = OwnedRecord(
        kind: .entry, op: nextOp, chain: Digest(low: random.next(), high: 1), payload: payload)
      if isState {
        record = OwnedRecord(kind: .state, op: 0, chain: .zero, payload: [1] + payload.prefix(50))
      }
      let sequence = writer.position.sequence
      guard writer.append(record.kind, op: record.op, chain: record.chain, payload: record.payload) else {
        break
      }
      if writer.position.sequence > sequence { notePlacesBeforeEndMark() }
      if !isState { nextOp += 1 }
      appended.append(record)
    }
    writer.seal()
    places += Array(repeating: writer.position, count: appended.count - places.count)
    for write in writer.writes {
      disk.write(writer.bytes[write.range], to: .segment(write.sequence), at: write.offset)
    }
    writer.clear()
  }

  /// The record that began a new segment closed the group of those before it, one sector before the end mark.
  private mutating func notePlacesBeforeEndMark() {
    guard let write = writer.writes.last(where: { $0.sequence < writer.position.sequence }) else { return }
    let sector = (write.offset + write.range.count) / Sector.size - 1
    let place = Position(sequence: write.sequence, sector: sector)
    places += Array(repeating: place, count: appended.count - places.count)
  }

  private mutating func beginSync() {
    guard syncing == nil else { return }
    syncing = (disk.cached, writer.position, disk.cached.count)
  }

  private mutating func endSync() {
    guard let sync = syncing else { return }
    disk.sync(sync.image)
    writer.synced(through: sync.position)
    syncedCount = places.lastIndex { $0 <= sync.position }.map { $0 + 1 } ?? 0
    syncing = nil
  }

  /// Of what is durable, and the log behind it recycled.
  private mutating func takeSnapshot() {
    guard let op = appended[..<syncedCount].last(where: { $0.kind == .entry })?.op, op > snapshot else {
      return
    }
    let floor = writer.floor(behind: op)
    disk.place(.snapshot(op), makeSnapshot(op: op, floor: floor, chunks: [[1, 2, 3]]))
    snapshot = op
    for file in disk.cached.keys {
      switch file {
      case .segment(let sequence) where sequence < floor: disk.remove(file)
      case .snapshot(let other) where other < op: disk.remove(file)
      default: break
      }
    }
    writer.dropped(before: floor)
  }

  /// The machine stops, and the journal is opened. Nil, or what is wrong.
  mutating func crashAndOpen() -> String? {
    syncing = nil
    disk.crash(&random)
    let result = open(disk.durable)
    guard let contents = result.contents else { return "\(result)" }
    guard let found = try? records(in: disk.durable, contents) else { return "unreadable" }
    if let wrong = compare(found, contents) { return wrong }
    if !isBlanked(contents) { return crashAndOpen() }
    goOn(contents, found)
    return nil
  }

  private mutating func compare(_ found: [OwnedRecord], _ contents: JournalContents) -> String? {
    guard contents.snapshot ?? 0 == snapshot else {
      return "snapshot \(contents.snapshot ?? 0), not \(snapshot)"
    }
    let entries = appended.filter { $0.kind == .entry && $0.op > snapshot }
    let foundEntries = found.filter { $0.kind == .entry && $0.op > snapshot }
    guard foundEntries.elementsEqual(entries.prefix(foundEntries.count)) else {
      return "other records: \(foundEntries.map(\.op)), not \(entries.map(\.op))"
    }
    let durable = appended[..<syncedCount].filter { $0.kind == .entry && $0.op > snapshot }
    guard foundEntries.count >= durable.count else { return "\(foundEntries.count) of \(durable.count) left" }
    let count = places.lastIndex { $0 <= contents.end }.map { $0 + 1 } ?? 0
    guard count >= syncedCount else { return "cut below what was synced" }
    let state = appended[..<count].last { $0.kind == .state }?.payload
    guard found.last(where: { $0.kind == .state })?.payload == state else { return "another state" }
    appended.removeSubrange(count...)
    places.removeSubrange(count...)
    return nil
  }

  /// False if another crash came in the middle of it.
  private mutating func isBlanked(_ contents: JournalContents) -> Bool {
    for place in contents.blank {
      let file = JournalFile.segment(place.sequence)
      let count = smallLayout.segmentSize - place.sector * Sector.size
      disk.write(ArraySlice(repeating: 0, count: count), to: file, at: place.sector * Sector.size)
    }
    for file in contents.discard { disk.remove(file) }
    if random.isTrue(percent: 30) { return false }
    disk.sync(disk.cached)
    return true
  }

  private mutating func goOn(_ contents: JournalContents, _ found: [OwnedRecord]) {
    syncedCount = appended.count
    nextOp = (appended.last { $0.kind == .entry }?.op ?? 0) + 1
    writer = RecordWriter(
      incarnation: 77, layout: smallLayout, position: contents.end, ready: contents.ready,
      state: found.last { $0.kind == .state }?.payload ?? [], index: contents.index)
  }
}

final class CrashPropertyTests: XCTestCase {
  /// JOURNAL_SEEDS=1000 for a longer run.
  private let seeds = 0..<(ProcessInfo.processInfo.environment["JOURNAL_SEEDS"].flatMap { UInt64($0) } ?? 30)

  /// Whatever a crash keeps: all that was synced is there, what else is there is what followed, and it is
  /// never called damaged. Also after crashes in the middle of opening.
  func testCrashesAreNoDamage() {
    var torn = 0
    var recycled = 0
    for seed in seeds {
      var life = Life(seed: seed)
      for round in 0..<12 {
        for _ in 0..<5 + life.random.below(60) { life.act() }
        let sealed = life.places.count
        if let wrong = life.crashAndOpen() { return XCTFail("seed \(seed), life \(round): \(wrong)") }
        if life.places.count < sealed { torn += 1 }
        if life.disk.durable[.segment(1)] == nil { recycled += 1 }
      }
    }
    XCTAssertGreaterThan(torn, 50)
    XCTAssertGreaterThan(recycled, 20)
  }

  /// One bit changed in a sector that was synced: always damage, never a shorter log.
  func testAChangedBitIsDamage() {
    for seed in seeds {
      var life = Life(seed: seed)
      for _ in 0..<60 { life.act() }
      guard life.crashAndOpen() == nil, life.writer.position.sector > 0 else { continue }
      guard
        case .segment(let sequence)? = life.disk.durable.keys.filter({
          if case .segment(let sequence) = $0 { sequence == life.writer.position.sequence } else { false }
        }).first
      else { return XCTFail("no segment") }
      var files = life.disk.durable
      let bit = life.random.below(life.writer.position.sector * Sector.size * 8)
      files[.segment(sequence)]![bit / 8] ^= 1 << (bit % 8)
      XCTAssertTrue(open(files).isDamaged, "seed \(seed), bit \(bit)")
    }
  }

  /// A synced sector that comes back as zeros: damage, unless it belongs to the very last group synced.
  func testAVanishedSectorIsDamage() {
    var count = 0
    for seed in seeds {
      var life = Life(seed: seed)
      for _ in 0..<60 { life.act() }
      if let wrong = life.crashAndOpen() { return XCTFail("seed \(seed): \(wrong)") }
      let known = life.writer.position
      for _ in 0..<20 { life.act() }
      let witness = life.places.last { $0.sequence == known.sequence && $0 > known }
      guard known.sector > 0, witness != nil else { continue }
      var files = life.disk.cached
      let place = life.random.below(known.sector) * Sector.size
      guard files[.segment(known.sequence)] != nil else { continue }
      let zeros = [UInt8](repeating: 0, count: Sector.size)
      files[.segment(known.sequence)]!.replaceSubrange(place..<place + Sector.size, with: zeros)
      XCTAssertTrue(open(files).isDamaged, "seed \(seed), byte \(place)")
      count += 1
    }
    XCTAssertGreaterThan(count, 8)
  }
}
