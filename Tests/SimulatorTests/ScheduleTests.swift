import Faults
import Simulator
import XCTest

/// Faults by a schedule, as a drill has them.
final class ScheduleTests: XCTestCase {
  private func run(
    _ schedule: FaultSchedule, seed: UInt64 = 1, servers: Int = 4, isDurable: Bool = true
  ) throws -> (report: RunReport, table: FaultTable, unsettled: Int) {
    var settings = Settings(seed: seed)
    settings.serverCount = servers
    settings.isDurable = isDurable
    settings.follow(schedule)
    settings.thinkMean = 60_000
    let simulation = Simulation(settings)
    let report = simulation.run()
    return (report, FaultTable(try XCTUnwrap(simulation.faultRecord)), simulation.unsettled.count)
  }

  func testRandomSchedulesAreSurvived() throws {
    for (servers, isDurable) in [(4, true), (3, false), (2, true), (1, true)] {
      let schedule = FaultSchedule.random(
        seed: 5, milliseconds: 10_000, servers: servers, isDurable: isDurable, cuts: true)
      let (report, table, unsettled) = try run(schedule, servers: servers, isDurable: isDurable)
      XCTAssertNil(report.violation, "\(servers) servers: \(String(describing: report.violation))")
      XCTAssertEqual(table.total.violations, 0)
      XCTAssertEqual(unsettled, 0, "\(servers) servers, durable: \(isDurable)")
      XCTAssertGreaterThan(table.rows.count, 2)
      XCTAssertGreaterThan(table.total.reads, 200)
      XCTAssertGreaterThan(table.total.writes, 100)
      for row in table.rows.dropFirst() {
        XCTAssertFalse(row.answersAgain.contains(nil), "\(servers) servers, \(row.text)")
      }
    }
  }

  func testTheSameSeedIsTheSameRun() throws {
    let schedule = FaultSchedule.random(
      seed: 2, milliseconds: 4_000, servers: 4, isDurable: true, cuts: true)
    let first = try run(schedule, seed: 9)
    XCTAssertEqual(first.report.traceHash, try run(schedule, seed: 9).report.traceHash)
    XCTAssertNotEqual(first.report.traceHash, try run(schedule, seed: 10).report.traceHash)
  }

  func testEachCommandDoesWhatItSays() throws {
    let schedule = try FaultSchedule(
      text: """
        at 0.5 settle
        at 0.5 kill 0
        at 2.5 start last
        at 2.5 settle
        at 3 freeze 1
        at 5 thaw last
        at 5 settle
        at 5.5 isolate 2
        at 7.5 heal
        at 7.5 settle
        at 8 stop primary
        at 9 start last
        at 9 settle
        end 9.5
        """)
    let (report, table, _) = try run(schedule)
    XCTAssertNil(report.violation)
    XCTAssertEqual(table.rows.map(\.hit).prefix(4), [[], [0], [1], [2]])
    for (row, server) in [(1, 0), (2, 1), (3, 2)] {
      let again = try XCTUnwrap(table.rows[row].answersAgain[server])
      XCTAssertGreaterThan(again, 1_900_000_000, "\(table.rows[row].text) lasted two seconds")
      for other in 0..<4 where other != server {
        XCTAssertLessThan(try XCTUnwrap(table.rows[row].answersAgain[other]), 1_500_000_000)
      }
    }
    XCTAssertGreaterThan(table.rows[1].counts.unreachable, 0)
    XCTAssertEqual(table.rows[4].hit.count, 1)
    XCTAssertGreaterThan(table.rows[4].counts.views, 0, "the primary handed over")
  }

  #if QUORATE_MUTANTS
    /// What a server shows that reads from its own state alone.
    func testStaleReadsAreCounted() throws {
      var settings = Settings(seed: 1)
      settings.serverCount = 4
      settings.isDurable = true
      settings.follow(
        .random(seed: 5, milliseconds: 10_000, servers: 4, isDurable: true, cuts: true))
      settings.options.removedRule = .readsProbe
      let simulation = Simulation(settings)
      XCTAssertNotNil(simulation.run().violation)
    }
  #endif
}
