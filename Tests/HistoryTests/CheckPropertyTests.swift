import Support
import XCTest

@testable import History

/// The checker against the definition.
final class CheckPropertyTests: XCTestCase {
  private struct Tally {
    var good = 0
    var bad = 0
  }

  private func compare(seeds: Range<UInt64>, _ shape: (inout Random) -> Generator) -> Tally {
    var tally = Tally()
    for seed in seeds {
      var random = Random(state: seed)
      var generator = shape(&random)
      var history = generator.make()
      XCTAssertTrue(check(history).isLinearizable, "seed \(seed): made by a register")
      for _ in 0..<random.below(4) { history = mutated(history, &random) }
      let verdict = check(history)
      XCTAssertTrue(verdict.gaveUp.isEmpty)
      let isGood = bruteForce(history.operations, initial: .absent)
      if isGood != verdict.isLinearizable {
        XCTFail("seed \(seed): is \(isGood)\n" + String(decoding: history.text(), as: UTF8.self))
        return tally
      }
      if isGood { tally.good += 1 } else { tally.bad += 1 }
      for violation in verdict.violations { assertConvicts(violation, history, seed) }
    }
    return tally
  }

  /// What the evidence does not name may be forgotten, and there is still no order.
  private func assertConvicts(_ violation: HistoryViolation, _ history: History, _ seed: UInt64) {
    guard violation.rule == .noOrder || violation.rule == .outOfOrder else { return }
    XCTAssertFalse(violation.operations.isEmpty)
    XCTAssertEqual(Set(violation.operations).count, violation.operations.count, "seed \(seed)")
    guard violation.rule == .noOrder else { return }
    var weak = history.operations
    for index in weak.indices where !violation.operations.contains(index) { weak[index].outcome = .open }
    weak.removeAll { $0.outcome == .open && $0.action == .read }
    XCTAssertFalse(bruteForce(weak, initial: .absent), "seed \(seed): the evidence does not convict")
  }

  private func assertBothOften(_ tally: Tally, line: UInt = #line) {
    XCTAssertGreaterThan(tally.good, 500, "\(tally)", line: line)
    XCTAssertGreaterThan(tally.bad, 500, "\(tally)", line: line)
  }

  func testUniqueValuesAllDone() {
    let tally = compare(seeds: 0..<4000) {
      Generator(random: $0, count: 1 + $0.below(7), clients: 1 + $0.below(5))
    }
    assertBothOften(tally)
  }

  func testUniqueValuesWithOpenAndAcknowledged() {
    let tally = compare(seeds: 0..<6000) {
      Generator(
        random: $0, count: 2 + $0.below(6), clients: 1 + $0.below(6), openPercent: 30,
        acknowledgedPercent: 20,
        readPercent: 40)
    }
    assertBothOften(tally)
  }

  func testDeletes() {
    let tally = compare(seeds: 0..<6000) {
      Generator(
        random: $0, count: 2 + $0.below(6), clients: 1 + $0.below(5), deletePercent: 50, openPercent: 20,
        acknowledgedPercent: 10, readPercent: 30)
    }
    assertBothOften(tally)
  }

  func testValuesWrittenAgain() {
    let tally = compare(seeds: 0..<6000) {
      Generator(
        random: $0, count: 2 + $0.below(6), clients: 1 + $0.below(6), deletePercent: 20, openPercent: 25,
        acknowledgedPercent: 10, readPercent: 30, valueCount: 1 + $0.below(3))
    }
    assertBothOften(tally)
  }

  /// Nearly everything at the same time, nearly every value the same.
  func testDenseOverlap() {
    let tally = compare(seeds: 0..<4000) {
      Generator(
        random: $0, count: 6, clients: 6, deletePercent: 30, openPercent: 35, readPercent: 25, valueCount: 2,
        duration: 40)
    }
    assertBothOften(tally)
  }

  /// Swaps whose result is unknown let one set of operations end in several values and with several open
  /// ones spent: the search must tell these configurations apart.
  func testManyResultsUnknown() {
    let tally = compare(seeds: 0..<12_000) {
      Generator(
        random: $0, count: 8, clients: 8, deletePercent: 10, openPercent: 30, acknowledgedPercent: 45,
        readPercent: 15, valueCount: 2 + $0.below(2), duration: 30)
    }
    assertBothOften(tally)
  }
}
