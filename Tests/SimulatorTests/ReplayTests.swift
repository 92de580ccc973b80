import XCTest

@testable import Simulator

final class ReplayTests: XCTestCase {
  /// Every process of a run, stepped through what it was given, comes to the state that it was in.
  func testACapsuleEndsWhereItsProcessDid() throws {
    var compared = 0
    for seed: UInt64 in 1...12 {
      var settings = Settings(seed: seed)
      settings.stepsMax = 4_000
      let simulation = Simulation(settings)
      simulation.recordsCapsules = true
      XCTAssertNil(simulation.run().violation)
      for server in simulation.servers where server.isUp {
        let replay = try Replay(server.capsule) { _ in }
        let (here, there) = (replay.replica, server.process!.replica)
        XCTAssertEqual(here.executedDigest, there.executedDigest)
        XCTAssertEqual(here.log.headDigest, there.log.headDigest)
        XCTAssertEqual(here.commit, there.commit)
        XCTAssertEqual(here.view, there.view)
        XCTAssertEqual(here.epoch.id, there.epoch.id)
        XCTAssertEqual(here.counters, there.counters)
        var (hereStore, thereStore) = (here.store, there.store)
        XCTAssertEqual(hereStore.stateHash(), thereStore.stateHash())
        XCTAssertGreaterThan(replay.steps, 0)
        XCTAssertEqual(replay.missing, 0)
        compared += 1
      }
    }
    XCTAssertGreaterThan(compared, 12)
  }

  /// A capsule may end anywhere: its process was ended.
  func testACapsuleCutOffEndsBeforeItsLastEvent() throws {
    var settings = Settings(seed: 3)
    settings.stepsMax = 500
    let simulation = Simulation(settings)
    simulation.recordsCapsules = true
    _ = simulation.run()
    let server = try XCTUnwrap(simulation.servers.first(where: \.isUp))
    let whole = try Replay(server.capsule) { _ in }
    for cut in 1...60 {
      let part = try Replay(Array(server.capsule.dropLast(cut))) { _ in }
      XCTAssertLessThan(part.steps, whole.steps)
    }
  }

  func testWhatIsNoCapsuleIsRefused() {
    XCTAssertThrowsError(try Replay([]) { _ in })
    XCTAssertThrowsError(try Replay(Array("QRCP and no more".utf8)) { _ in })
  }
}
