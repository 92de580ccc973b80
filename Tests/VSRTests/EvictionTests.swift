import VSR
import XCTest

/// Members that are gone are taken out of the configuration.
final class EvictionTests: XCTestCase {
  /// Four servers, of which the last is cut off; the first is primary and has just prepared the stop-sign without it.
  private func evicting() -> TestCluster {
    var options = Options()
    options.evictTicks = 10
    let cluster = TestCluster(4, options: options)
    cluster.tick(until: { cluster.isSettled && cluster.primary == 0 })
    let write = cluster.write(0, "k", "a")
    cluster.tick(until: { cluster.answers[write] != nil })
    cluster.delivers = { from, to, _ in from != 3 && to != 3 }
    for _ in 0..<200 {
      for server in 0..<4 {
        cluster.step(server, .tick)
        if cluster.replicas[0]!.log.last?.kind == .stopSign { return cluster }
      }
      cluster.run()
    }
    XCTFail("nobody is taken out: \(cluster.summary)")
    return cluster
  }

  /// Whether others have the stop-sign, know that it counts, or have gone on from it: those who are left agree, and
  /// nothing acknowledged is lost.
  func testAPrimaryThatEvictsMayDieAtAnyMoment() {
    var epochs: Set<UInt64> = []
    for moment in 0..<24 {
      let cluster = evicting()
      for _ in 0..<moment where !cluster.network.isEmpty {
        let (from, to, message) = cluster.network.removeFirst()
        if cluster.delivers(from, to, message) { cluster.step(to, .message(message)) }
      }
      epochs.insert(cluster.replicas[1]!.epoch.id.number)
      cluster.replicas[0] = nil
      cluster.network.removeAll { $0.from == 0 }
      cluster.delivers = { _, _, _ in true }
      cluster.tick(until: { cluster.isSettled })
      let (read, write) = (cluster.read(3, "k"), cluster.write(1, "k", "b"))
      cluster.tick(until: { cluster.answers[read] != nil && cluster.answers[write] != nil })
      XCTAssertEqual(cluster.answers[write], TestCluster.Answer(kind: "done", value: "a"), "moment \(moment)")
      let last = cluster.read(2, "k")
      cluster.tick(until: { cluster.answers[last] != nil })
      XCTAssertEqual(cluster.answers[last]?.value, "b", "moment \(moment)")
    }
    XCTAssertEqual(epochs, [1, 2], "before and after the change counted")
  }

  /// With eviction switched off the configuration stays as it is.
  func testNoneIsTakenOutWhereThatIsSwitchedOff() {
    var options = Options()
    options.evictTicks = 0
    let cluster = TestCluster(4, options: options)
    cluster.tick(until: { cluster.isSettled })
    cluster.replicas[3] = nil
    cluster.tick(1000)
    XCTAssertEqual(cluster.live.map { $0.epoch.id.number }, [1, 1, 1])
  }
}

final class TenureTests: XCTestCase {
  /// A link that comes and goes: how many epochs it costs in ten seconds, and in the ten after these.
  func testOneThatFlapsIsKeptOutTwiceAsLongEachTime() {
    var options = Options()
    options.evictTicks = 5
    options.returnTicks = 20
    options.returnTicksMax = 2000
    let cluster = TestCluster(4, options: options)
    cluster.tick(until: { cluster.isSettled })
    var returns: [Int] = []
    var isMember = true
    var isCut = false
    cluster.delivers = { from, to, _ in !isCut || (from != 3 && to != 3) }
    for tick in 0..<2000 {
      let wasMember = isMember
      isMember = cluster.replicas[0]!.epoch.configuration.member(at: 3) != nil
      if isMember, !wasMember { returns.append(tick) }
      isCut = isMember
      cluster.tick()
    }
    let gaps = zip(returns, returns.dropFirst()).map { $1 - $0 }
    let longer = zip(gaps, gaps.dropFirst()).map { $1 - $0 }
    XCTAssertGreaterThan(longer.count, 2)
    // What suspicion and catching up take is the same each time; the wait doubles.
    for (one, next) in zip(longer, longer.dropFirst()) { XCTAssertGreaterThan(2 * next, 3 * one, "\(gaps)") }
  }
}
