import XCTest

@testable import Load

final class SweepTests: XCTestCase {
  /// Sweeps servers that keep up to `capacity`.
  private func sweep(from rate: UInt64, capacity: UInt64) -> Sweep {
    var sweep = Sweep(from: rate, p99Max: 10_000_000)
    while let rate = sweep.next {
      sweep.take(reason: rate <= capacity ? nil : "too much")
      XCTAssertLessThan(sweep.steps.count, 40, "it ends")
    }
    return sweep
  }

  func testItDoublesThenClosesIn() {
    let found = sweep(from: 1000, capacity: 11_000)
    XCTAssertEqual(found.steps.map(\.rate), [1000, 2000, 4000, 8000, 16_000, 11_314, 9514, 10_375])
    XCTAssertEqual(found.knee, 10_375)
    XCTAssertEqual(found.verdict, "knee: 10375/s held, 11314/s did not hold")
  }

  func testTheKneeIsWithinATwelfth() {
    for capacity: UInt64 in [1500, 7777, 123_456, 3_333_333] {
      let knee = sweep(from: 1000, capacity: capacity).knee!
      XCTAssertLessThanOrEqual(knee, capacity)
      XCTAssertGreaterThan(Double(knee), Double(capacity) / 1.1, "\(capacity)")
    }
  }

  func testAFirstRateThatIsTooHighIsHalved() {
    let found = sweep(from: 1000, capacity: 300)
    XCTAssertEqual(found.steps.prefix(3).map(\.rate), [1000, 500, 250])
    XCTAssertEqual(found.knee, 297)
  }

  func testServersThatKeepUpWithNothing() {
    let found = sweep(from: 8, capacity: 0)
    XCTAssertEqual(found.steps.map(\.rate), [8, 4, 2, 1])
    XCTAssertNil(found.knee)
    XCTAssertEqual(found.verdict, "knee: none, no rate held")
  }

  func testServersThatKeepUpWithEverything() {
    let found = sweep(from: 3_000_000, capacity: .max)
    XCTAssertEqual(found.steps.map(\.rate), [3_000_000, 6_000_000, LoadOptions.rateMax])
    XCTAssertEqual(found.verdict, "knee: 10000000/s held, and nothing above was tried")
  }

  func testWhatHoldsAndWhatDoesNot() {
    func reason(_ achieved: Double, _ errors: Double, _ p99: UInt64) -> String? {
      Sweep.reason(achieved: achieved, errors: errors, p99: p99, p99Max: 10_000_000)
    }
    XCTAssertNil(reason(0.95, 0.01, 10_000_000))
    XCTAssertEqual(reason(0.949, 0, 0), "only 94.9 % achieved")
    XCTAssertEqual(reason(1, 0.011, 0), "1.1 % errors")
    XCTAssertEqual(reason(1, 0, 10_000_001), "p99 above 10.0 ms")
  }

  func testAStepIsOneLine() throws {
    let run = VirtualRun(
      {
        var options = LoadOptions()
        options.pace = .open(rate: 1000)
        options.fills = false
        options.extent = .nanoseconds(VirtualRun.second)
        return options
      }())
    run.run()
    let result = LoadResult(
      engine: run.engine, hosts: [], ledger: nil, fileFault: nil, intervals: [], cost: OwnCosts(),
      serverVersion: nil)
    var sweep = Sweep(from: 1000, p99Max: 10_000_000)
    sweep.take(result)
    XCTAssertEqual(sweep.steps.map(\.isHeld), [true])
    XCTAssertEqual(sweep.next, 2000)
    let words = sweep.line(result).split(separator: " ")
    XCTAssertEqual(words.first, "1000")
    XCTAssertEqual(words.last, "held")
    XCTAssertFalse(sweep.line(result).contains("\n"))
  }
}
