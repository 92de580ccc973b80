import XCTest

@testable import Load

/// What a driver leaves out that waits for answers before it asks again (Gil Tene: coordinated omission).
final class OmissionTests: XCTestCase {
  private func result(_ pace: LoadOptions.Pace) -> ActionCounts {
    var options = LoadOptions()
    options.pace = pace
    options.connections = 1
    options.readsPercent = 100
    options.fills = false
    options.extent = .nanoseconds(3 * VirtualRun.second)
    let run = VirtualRun(options)
    run.stall = 2 * VirtualRun.second..<3 * VirtualRun.second
    run.run()
    XCTAssertEqual(run.engine.tally.errors.total, 0)
    XCTAssertEqual(run.engine.tally.reads.successes, run.engine.tally.drawn)
    return run.engine.tally.reads
  }

  func testResponseTimesIncludeTheWaitBehindAServerThatStandsStill() {
    let reads = result(.open(rate: 1000))
    XCTAssertEqual(reads.successes, 3000, "every intended request is sent and answered")
    // A thousand were due in the second of the stall, and waited from 1 s down to nothing; some more waited
    // until the backlog was gone, at nine tenths of the server's time to spare.
    XCTAssertEqual(Double(reads.responses.percentile(100)), 1e9, accuracy: 2e6)
    XCTAssertEqual(Double(reads.responses.percentile(90)), 0.73e9, accuracy: 0.02e9)
    XCTAssertEqual(Double(reads.responses.percentile(75)), 0.325e9, accuracy: 0.02e9)
    XCTAssertLessThan(reads.responses.percentile(50), 1_100_000)
  }

  func testServiceTimesDoNot() {
    let reads = result(.open(rate: 1000))
    XCTAssertLessThan(reads.services.percentile(99.9), 101_000)
    XCTAssertEqual(Double(reads.services.max), 1e9, accuracy: 2e6, "the one that was under way")
  }

  func testAClosedLoopDoesNotSeeIt() {
    let reads = result(.closed)
    XCTAssertLessThan(reads.responses.percentile(99.9), 101_000)
    XCTAssertEqual(Double(reads.successes), 20_000, accuracy: 10)
  }

  func testTheBacklogIsKeptAndShown() {
    var options = LoadOptions()
    options.connections = 1
    options.fills = false
    options.extent = .nanoseconds(VirtualRun.second)
    let engine = LoadEngine(options, hosts: 1, ledger: nil, file: nil, at: 1)
    engine.connectionOpened(0)
    engine.advance(at: 1)
    XCTAssertNotNil(engine.assign(lane: 0, at: 1))
    XCTAssertNil(engine.assign(lane: 0, at: 500 * VirtualRun.millisecond))
    XCTAssertEqual(engine.takeInterval(at: 500 * VirtualRun.millisecond).backlog, 499)
    XCTAssertEqual(engine.takeInterval(at: 500 * VirtualRun.millisecond).inFlight, 1)
  }

  func testASecondThatEndsAMomentLateIsOfTheWarmUpAllTheSame() {
    var options = LoadOptions()
    options.connections = 1
    options.fills = false
    options.warmupNanoseconds = VirtualRun.second
    options.extent = .nanoseconds(VirtualRun.second)
    let engine = LoadEngine(options, hosts: 1, ledger: nil, file: nil, at: 1)
    engine.connectionOpened(0)
    engine.advance(at: 1)
    XCTAssertTrue(engine.takeInterval(at: 1003 * VirtualRun.millisecond).isWarmup)
    XCTAssertFalse(engine.takeInterval(at: 2001 * VirtualRun.millisecond).isWarmup)
  }

  func testWhatIsDueAtOnceFillsAPipelineAndTheNextTimeIsAnothersTurn() {
    var options = LoadOptions()
    options.pace = .open(rate: 1000)
    options.connections = 3
    options.pipeline = 4
    options.fills = false
    let engine = LoadEngine(options, hosts: 1, ledger: nil, file: nil, at: 1)
    for connection in 0..<3 { engine.connectionOpened(connection) }
    engine.advance(at: 1)
    func due(at milliseconds: UInt64) -> [Int] {
      var connections: [Int] = []
      while let (connection, _) = engine.assign(lane: 0, at: 1 + milliseconds * VirtualRun.millisecond) {
        connections.append(connection)
      }
      return connections
    }
    XCTAssertEqual(due(at: 0), [0])
    XCTAssertEqual(due(at: 1), [1])
    XCTAssertEqual(due(at: 4), [2, 2, 2])
    XCTAssertEqual(due(at: 8), [0, 0, 0, 1])
    XCTAssertEqual(due(at: 20), [2, 1, 1], "and no more than there is room")
  }

  func testAClosedLoopGivesADeadHostNoShareAndDoesNotWaitForEver() {
    var options = LoadOptions()
    options.pace = .closed
    options.connections = 2
    options.spread = .each
    options.fills = false
    options.extent = .requests(10)
    let engine = LoadEngine(options, hosts: 2, ledger: nil, file: nil, at: 1)
    engine.connectionOpened(0)
    engine.advance(at: 1)
    var sent: [LoadRequest] = []
    for _ in 0..<20 {
      guard let (connection, request) = engine.assign(lane: 0, at: 2) else { break }
      sent.append(request)
      engine.lost(connection, request, .disconnected, at: 2)
      if sent.count == 4 { break }
    }
    engine.connectionClosed(0)
    engine.advance(at: 3)
    XCTAssertEqual(engine.part, .loading)
    engine.connectionOpened(0)
    while let (connection, request) = engine.assign(lane: 0, at: 4) {
      sent.append(request)
      engine.lost(connection, request, .disconnected, at: 4)
      if sent.count == 9 { break }
    }
    engine.connectionClosed(0)
    engine.advance(at: 5 + LoadEngine.patience)
    XCTAssertEqual(engine.part, .draining)
    XCTAssertEqual(engine.end, .stranded)
    XCTAssertEqual(sent.count, 9)
    XCTAssertEqual(engine.tally.drawn, 9)
  }

  func testADeadHostsShareWaitsForItAndIsCountedWhenItsTimeIsUp() {
    var options = LoadOptions()
    options.pace = .open(rate: 100)
    options.connections = 2
    options.spread = .each
    options.fills = false
    options.extent = .nanoseconds(2 * VirtualRun.second)
    options.timeoutNanoseconds = VirtualRun.second
    let engine = LoadEngine(options, hosts: 2, ledger: nil, file: nil, at: 1)
    engine.connectionOpened(0)
    engine.advance(at: 1)
    let late = 1 + 3 * VirtualRun.second
    XCTAssertNil(engine.assign(lane: 1, at: late), "nobody to send it")
    engine.connectionOpened(1)
    var sent = 0
    while engine.assign(lane: 1, at: late) != nil { sent += 1 }
    XCTAssertEqual(sent, 0, "the one connection has no room after the first, and all were too late")
    XCTAssertEqual(engine.tally.errors[.unsent], 100)
    XCTAssertEqual(engine.tally.hosts[1].failures, 100)
    XCTAssertEqual(engine.tally.hosts[0].failures, 0)
  }
}
