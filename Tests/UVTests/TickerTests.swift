import UV
import XCTest

final class TickerTests: LoopTestCase {
  func testTicksNoSoonerThanTheirMomentsAndAgainAndAgain() throws {
    var ticks: [UInt64] = []
    let ticker = try Ticker(loop) { ticks.append(Clock.nanoseconds) }
    let first = Clock.nanoseconds + 300_000
    ticker.start(at: first, every: 150_000)
    run { ticks.count >= 5 }
    ticker.close()
    for (number, tick) in ticks.enumerated() {
      XCTAssertGreaterThanOrEqual(tick, first + UInt64(number) * 150_000)
    }
  }

  func testMomentsMissedComeAsOne() throws {
    var count = 0
    let ticker = try Ticker(loop) { count += 1 }
    let last = Clock.nanoseconds
    ticker.start(at: last - 50_000_000, every: 3_600_000_000_000)
    run { count == 1 }
    ticker.start(at: last - 50_000_000, every: 1_000_000)
    run { count == 2 }
    ticker.close()
  }

  func testStopsAndStartsAgain() throws {
    var count = 0
    let ticker = try Ticker(loop) { count += 1 }
    ticker.start(at: 1, every: 1_000_000)
    run { count == 1 }
    ticker.stop()
    XCTAssertFalse(loop.poll(), "nothing left to wait for")
    XCTAssertEqual(count, 1)
    ticker.start(at: 1, every: 1_000_000)
    run { count == 2 }
    ticker.close()
  }

  func testMayBeClosedWithinItsOwnTick() throws {
    var ticker: Ticker?
    ticker = try Ticker(loop) { ticker?.close() }
    ticker?.start(at: 1, every: 1)
    runToEnd()
  }
}
