import XCTest

@testable import Simulator

final class SimulationTests: XCTestCase {
  private func settings(_ seed: UInt64, steps: Int = 3_000) -> Settings {
    var settings = Settings(seed: seed)
    settings.stepsMax = steps
    return settings
  }

  func testTheSameSeedIsTheSameRun() {
    for seed: UInt64 in [2, 5, 9] {
      let first = Simulation(settings(seed)).run()
      let second = Simulation(settings(seed)).run()
      XCTAssertEqual(first.traceHash, second.traceHash)
      XCTAssertEqual(first.steps, second.steps)
      XCTAssertEqual(first.virtualTime, second.virtualTime)
    }
  }

  func testAnotherSeedIsAnotherRun() {
    XCTAssertNotEqual(Simulation(settings(3)).run().traceHash, Simulation(settings(4)).run().traceHash)
  }

  func testATraceChangesNothing() {
    let plain = Simulation(settings(5)).run()
    let traced = Simulation(settings(5))
    var lines = 0
    traced.trace = { _ in lines += 1 }
    XCTAssertEqual(traced.run().traceHash, plain.traceHash)
    XCTAssertGreaterThan(lines, plain.steps)
  }

  func testSeedsAreClean() {
    for seed: UInt64 in 1...16 {
      let report = Simulation(settings(seed)).run()
      XCTAssertNil(report.violation, "seed \(seed)")
      XCTAssertGreaterThan(report.steps, 3_000 - 1)
    }
  }

  func testWithoutFaultsAllServersServe() {
    for count in 1...7 {
      for isDurable in [true, false] {
        var quiet = settings(UInt64(count))
        quiet.serverCount = count
        quiet.isDurable = isDurable
        quiet.kinds = FaultKinds([])
        let report = Simulation(quiet).run()
        XCTAssertNil(report.violation, "\(count) servers")
        XCTAssertEqual(report.lineages, 1)
        XCTAssertGreaterThan(report.opsCommitted, 0)
        XCTAssertEqual(report.faults.reduce(0, +), 0)
      }
    }
  }

  /// Leaving a kind or a fault out leaves the plan's other faults and their numbers as they are.
  func testPlanDoesNotDependOnWhatIsLeftOut() {
    var settings = Settings(seed: 7)
    let whole = Plan(settings)
    settings.leaveOut(FaultKinds([.crash, .pause]))
    let less = Plan(settings)
    XCTAssertEqual(whole.faults.map(\.begins), less.faults.map(\.begins))
    XCTAssertEqual(whole.faults.map(\.kind), less.faults.map(\.kind))
    XCTAssertFalse(whole.faults.isEmpty)
  }

  func testSkippedFaultsDoNotHappen() {
    let settings = settings(4)
    let all = Set(Plan(settings).faults.indices)
    let report = Simulation(settings, skipping: all).run()
    for kind in FaultKind.planned { XCTAssertEqual(report.faults[kind.index], 0, kind.rawValue) }
  }
}
