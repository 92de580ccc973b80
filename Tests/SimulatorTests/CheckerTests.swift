import Bytes
import KVStore
import VSR
import XCTest

@testable import Simulator

/// A check that cannot go red checks nothing: each part is shown what it must find.
final class CheckerTests: XCTestCase {
  private func entry(_ op: Op, view: View = 0, parent: Digest = .zero, body: [UInt8] = []) -> LogEntry {
    LogEntry(op: op, view: view, kind: body.isEmpty ? .noop : .requests, body: body, parent: parent)
  }

  func testOneHistory() {
    var history = CommittedHistory(inheriting: nil)
    let first = entry(1)
    XCTAssertEqual(history.claim(first), .new)
    XCTAssertEqual(history.claim(first), .known)
    XCTAssertEqual(history.claim(entry(1, view: 1)), .different)
    XCTAssertEqual(history.claim(entry(3)), .gap)
    XCTAssertEqual(history.digest(at: 1), first.digest)
    XCTAssertNil(history.digest(at: 2))
  }

  /// A new lineage may change what it inherits, but not what it has committed itself.
  func testANewLineageMayLackWhatItInherits() {
    var lineages = Lineages()
    XCTAssertTrue(lineages.begin(1))
    XCTAssertEqual(lineages.claim(entry(1), in: 1), .new)
    XCTAssertEqual(lineages.claim(entry(2), in: 1), .new)
    XCTAssertTrue(lineages.begin(2))
    XCTAssertFalse(lineages.begin(2))
    XCTAssertEqual(lineages.claim(entry(1), in: 2), .known)
    XCTAssertEqual(lineages.claim(entry(2, view: 5), in: 2), .new)
    XCTAssertEqual(lineages.claim(entry(2, view: 6), in: 2), .different)
    XCTAssertEqual(lineages.claim(entry(1, view: 6), in: 2), .different)
  }

  func testStatesMustAgree() {
    var history = CommittedHistory(inheriting: nil)
    _ = history.claim(entry(1))
    XCTAssertTrue(history.agrees(Digest(low: 1, high: 1), at: 1))
    XCTAssertTrue(history.agrees(Digest(low: 1, high: 1), at: 1))
    XCTAssertFalse(history.agrees(Digest(low: 2, high: 1), at: 1))
  }

  func testOnePrimaryAndOneOp() {
    var speakers = Speakers()
    let epoch = EpochID(number: 1, hash: 7)
    let prepare = Prepare(view: 4, commit: 0, parent: .zero, entry: entry(6, view: 4))
    let message = Message(from: 1, incarnation: 5, epoch: epoch, payload: .prepare(prepare))
    let speaker = speakers.isSole(message, view: 4)
    XCTAssertNotNil(speaker)
    XCTAssertTrue(speakers.isSame(entry(6, view: 4), speaker: speaker!))
    XCTAssertTrue(speakers.isSame(entry(6, view: 4), speaker: speaker!))
    XCTAssertFalse(speakers.isSame(entry(6, view: 4, body: [1]), speaker: speaker!))
    var usurper = message
    usurper.from = 2
    XCTAssertNil(speakers.isSole(usurper, view: 4))
    XCTAssertNotNil(speakers.isSole(usurper, view: 5))
    var reborn = message
    reborn.incarnation = 6
    XCTAssertNil(speakers.isSole(reborn, view: 4))
  }

  // MARK: - Requests

  private let write: [UInt8] = {
    var bytes: [UInt8] = []
    Array("k".utf8).withUnsafeBytes { key in
      Array("v".utf8).withUnsafeBytes { bytes.put(Write(set: key, to: $0)) }
    }
    return bytes
  }()

  private func group(session: Session, first: UInt64, count: Int = 1) -> [UInt8] {
    var body: [UInt8] = []
    Group(session: session, first: first, count: count, bytes: write).put(into: &body)
    return body
  }

  private func ledger() -> RequestLedger {
    var ledger = RequestLedger()
    ledger.begin(session: 77, server: 0)
    let hash = write.withUnsafeBytes { SipHash.hash($0) }
    ledger.add(write: .init(operation: 0, attempt: 1, bytesHash: hash), run: 0)
    ledger.add(write: .init(operation: 1, attempt: 1, bytesHash: hash &+ 1), run: 0)
    return ledger
  }

  func testCommitsAreRequested() {
    var ledger = ledger()
    XCTAssertNil(ledger.commit(entry(1, body: group(session: 77, first: 1)), in: 1))
    XCTAssertEqual(
      ledger.commit(entry(2, body: group(session: 78, first: 1)), in: 1)?.0, .commitsAreRequested)
    XCTAssertEqual(
      ledger.commit(entry(2, body: group(session: 77, first: 3)), in: 1)?.0, .commitsAreRequested)
    // Its bytes are another's.
    XCTAssertEqual(
      ledger.commit(entry(2, body: group(session: 77, first: 2)), in: 1)?.0, .commitsAreRequested)
  }

  func testExecutedOnce() {
    var ledger = ledger()
    let body = group(session: 77, first: 1)
    XCTAssertNil(ledger.commit(entry(1, body: body), in: 1))
    XCTAssertEqual(ledger.commit(entry(2, body: body), in: 1)?.0, .executedOnce)
  }

  func testRefusedIsNotExecuted() {
    var ledger = ledger()
    XCTAssertNotNil(ledger.answer(write: 1, run: 0, .refused))
    XCTAssertEqual(
      ledger.commit(entry(1, body: group(session: 77, first: 1)), in: 1)?.0, .refusedIsNotExecuted)
  }

  func testAnsweredOnce() {
    var ledger = ledger()
    XCTAssertEqual(ledger.openCount, 2)
    XCTAssertNotNil(ledger.answer(write: 1, run: 0, .done))
    XCTAssertNil(ledger.answer(write: 1, run: 0, .unknown))
    XCTAssertNil(ledger.answer(write: 3, run: 0, .done))
    XCTAssertEqual(ledger.openCount, 1)
  }

  func testTheFirstViolationIsKept() {
    var checker = Checker(serverCount: 3)
    checker.fail(.onePrimary, 1, 5, "first")
    checker.fail(.oneHistory, 2, 6, "second")
    XCTAssertEqual(checker.violation?.rule, .onePrimary)
    XCTAssertEqual(checker.violation?.time, 5)
  }
}
