import Bytes
import VSR
import Wire
import XCTest

final class JournalFoldTests: XCTestCase {
  private struct Stored: Equatable {
    var kind: StoredKind
    var op: Op
    var chain: Digest
    var payload: [UInt8]
  }

  private struct Outcome: Equatable {
    var state: HardState
    var base: Op
    var entries: [LogEntry]

    init(_ result: JournalFold.Result) {
      state = result.state
      base = result.log.base
      entries = (result.log.base..<result.log.head).map { result.log[$0 + 1]! }
    }
  }

  private func stored(_ records: [JournalRecord]) -> [Stored] {
    var encoded = StoredRecords()
    for record in records { encoded.append(record) }
    return encoded.items.map { item in
      Stored(
        kind: item.kind, op: item.op, chain: item.chain,
        payload: encoded.withPayload(of: item) { [UInt8]($0) })
    }
  }

  private func fold(
    _ stored: some Sequence<Stored>, snapshot: (op: Op, digest: Digest)? = nil
  ) throws -> Outcome {
    var fold = JournalFold(snapshot: snapshot, serverCount: 3)
    for record in stored {
      var failure: FoldError?
      record.payload.withUnsafeBytes { raw in
        do throws(FoldError) {
          try fold.add(record.kind, op: record.op, chain: record.chain, payload: raw)
        } catch { failure = error }
      }
      if let failure { throw failure }
    }
    return Outcome(try fold.finish())
  }

  private func fold(records: some Sequence<JournalRecord>) throws -> Outcome {
    var fold = JournalFold(serverCount: 3)
    for record in records { try fold.add(record) }
    return Outcome(try fold.finish())
  }

  /// A server's life as its journal saw it: appends, states, installations that cut and that extend.
  private func life(seed: UInt64, length: Int) -> [JournalRecord] {
    var maker = MessageMaker(seed: seed, serverCount: 3)
    var log = Log()
    return (0..<length).map { _ in
      switch maker.below(4) {
      case 0: return .state(maker.hardState())
      case 1:
        let after = log.head - UInt64(maker.below(Int(min(log.head, 3)) + 1))
        let segment = maker.segment(after: after, digest: log.digest(at: after)!)
        log.truncate(after: after)
        for entry in segment.entries { log.append(entry) }
        return .install(maker.hardState(), segment)
      default:
        let entry = maker.entry(log.head + 1, parent: log.headDigest)
        log.append(entry)
        return .append(entry)
      }
    }
  }

  func testABlankJournalIsABlankServer() throws {
    let outcome = try fold([])
    XCTAssertEqual(outcome.state, .blank)
    XCTAssertEqual(outcome.base, 0)
    XCTAssertEqual(outcome.entries, [])
  }

  /// A crash leaves some beginning of what was written: each folds to what the records that are whole in it say.
  func testEveryBeginningIsThatOfTheWholeRecords() throws {
    for seed in 1...12 {
      let records = life(seed: UInt64(seed), length: 30)
      let all = stored(records)
      var ends: [Int] = []
      for record in records { ends.append((ends.last ?? 0) + stored([record]).count) }
      for count in 0...all.count {
        let whole = ends.prefix { $0 <= count }.count
        XCTAssertEqual(try fold(all[..<count]), try fold(records: records[..<whole]))
      }
    }
  }

  /// A journal repeats the last state at each segment's begin, also amid an installation.
  func testRepeatedStatesChangeNothing() throws {
    let records = life(seed: 20, length: 60)
    let all = stored(records)
    let expected = try fold(all)
    for place in 0...all.count {
      guard let state = all[..<place].last(where: { $0.kind == .state }) else { continue }
      XCTAssertEqual(try fold(all[..<place] + [state] + all[place...]), expected)
    }
  }

  /// Whatever a crash left half installed is void once the next process has written its first record: an
  /// installation of nothing, as the core's is.
  func testLifeGoesOnAfterEveryCrash() throws {
    let all = stored(life(seed: 21, length: 40))
    for count in 0...all.count {
      var fold = JournalFold(serverCount: 3)
      for record in all[..<count] {
        try record.payload.withUnsafeBytes {
          try fold.add(record.kind, op: record.op, chain: record.chain, payload: $0)
        }
      }
      var maker = MessageMaker(seed: 22, serverCount: 3)
      let found = try fold.finish()
      let next = maker.entry(found.log.head + 1, parent: found.log.headDigest)
      let end = LogSegment(after: found.log.head, digest: found.log.headDigest, entries: [])
      let again = try self.fold(all[..<count] + stored([.install(found.state, end), .append(next)]))
      XCTAssertEqual(again.entries, Outcome(found).entries + [next])
      XCTAssertEqual(again.state, found.state)
    }
  }

  // MARK: - Snapshots

  private func run(after: Op, digest: Digest, count: Int, seed: UInt64) -> [LogEntry] {
    var maker = MessageMaker(seed: seed, serverCount: 3)
    var entries: [LogEntry] = []
    for index in 0..<count {
      entries.append(maker.entry(after + UInt64(index) + 1, parent: entries.last?.digest ?? digest))
    }
    return entries
  }

  func testALogMayBeginBeforeItsSnapshot() throws {
    let entries = run(after: 0, digest: .zero, count: 20, seed: 1)
    let snapshot = (op: Op(10), digest: entries[9].digest)
    let all = stored(entries.map { .append($0) })
    XCTAssertEqual(try fold(all, snapshot: snapshot).base, 0)
    for first in 1...9 {
      let outcome = try fold(all[first...], snapshot: snapshot)
      XCTAssertEqual(outcome.base, Op(first + 1), "the first entry tells only where the chain goes on")
      XCTAssertEqual(outcome.entries, Array(entries[(first + 1)...]))
    }
    let outcome = try fold(all[10...], snapshot: snapshot)
    XCTAssertEqual(outcome.base, 10)
    XCTAssertEqual(outcome.entries, Array(entries[10...]))
  }

  func testALogThatNoSnapshotReachesIsRefused() throws {
    let entries = run(after: 0, digest: .zero, count: 20, seed: 2)
    let all = stored(entries.map { .append($0) })
    XCTAssertThrowsError(try fold(all[5...])) { XCTAssertEqual($0 as? FoldError, .gap(6)) }
    XCTAssertThrowsError(try fold(all[11...], snapshot: (10, entries[9].digest))) {
      XCTAssertEqual($0 as? FoldError, .gap(12))
    }
  }

  func testAReceivedSnapshotTakesTheLogsPlace() throws {
    let old = run(after: 0, digest: .zero, count: 5, seed: 3)
    let digest = Digest(low: 7, high: 8)
    let new = run(after: 100, digest: digest, count: 3, seed: 4)
    let state = HardState.blank
    let records =
      old.map { JournalRecord.append($0) }
      + [.install(state, LogSegment(after: 100, digest: digest, entries: [])), .append(new[0])]
    let outcome = try fold(stored(records), snapshot: (100, digest))
    XCTAssertEqual(outcome.base, 100)
    XCTAssertEqual(outcome.entries, [new[0]])
    // A crash may come between the snapshot and the record.
    let before = try fold(stored(Array(records[..<5])), snapshot: (100, digest))
    XCTAssertEqual(before.base, 100)
    XCTAssertEqual(before.entries, [])
    // Without the snapshot there is no such log.
    XCTAssertThrowsError(try fold(stored(records))) { XCTAssertEqual($0 as? FoldError, .gap(100)) }
  }

  func testWhatALaterRecordMakesVoidNeedNotFitTheSnapshot() throws {
    let old = run(after: 10, digest: Digest(low: 1, high: 1), count: 3, seed: 5)
    let digest = Digest(low: 7, high: 8)
    let new = run(after: 10, digest: digest, count: 2, seed: 6)
    let segment = LogSegment(after: 10, digest: digest, entries: new)
    let records = old.map { JournalRecord.append($0) } + [.install(.blank, segment)]
    XCTAssertEqual(try fold(stored(records), snapshot: (10, digest)).entries, new)
  }

  // MARK: - What no server wrote

  func testBrokenChainsAndPlaces() throws {
    let entries = run(after: 0, digest: .zero, count: 4, seed: 9)
    var all = stored(entries.map { .append($0) })
    XCTAssertThrowsError(try fold([all[0], all[2]])) { XCTAssertEqual($0 as? FoldError, .notNext(3)) }
    XCTAssertThrowsError(try fold([all[0], all[0]])) { XCTAssertEqual($0 as? FoldError, .notNext(1)) }
    all[2].chain.low ^= 1
    XCTAssertThrowsError(try fold(all)) { XCTAssertEqual($0 as? FoldError, .brokenChain(3)) }
    let segment = LogSegment(after: 0, digest: .zero, entries: entries)
    let installed = stored([.install(.blank, segment)])
    XCTAssertThrowsError(try fold(installed[..<5] + [installed[4]])) {
      XCTAssertEqual($0 as? FoldError, .notNext(4))
    }
  }

  func testDamagedPayloadsThrowOrMeanAnother() throws {
    let all = stored(life(seed: 30, length: 12))
    for index in all.indices {
      for bit in 0..<all[index].payload.count * 8 {
        var damaged = all
        damaged[index].payload[bit / 8] ^= 1 << UInt8(bit % 8)
        if all[index].kind == .entry {
          XCTAssertThrowsError(try fold(damaged))
        } else {
          _ = try? fold(damaged)
        }
      }
      var longer = all
      longer[index].payload.append(0)
      XCTAssertThrowsError(try fold(longer)) { XCTAssertEqual($0 as? FoldError, .malformed) }
    }
  }

  func testStatesOfAnotherFormatAreRefused() {
    var all = stored([.state(.blank)])
    XCTAssertEqual(all[0].payload[0], payloadVersion)
    all[0].payload[0] += 1
    XCTAssertThrowsError(try fold(all)) { XCTAssertEqual($0 as? FoldError, .malformed) }
  }
}
