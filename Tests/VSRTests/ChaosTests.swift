import VSR
import XCTest

/// A small, fast storm: losses, cuts and blank restarts, then calm, in which everything must come together.
final class ChaosTests: XCTestCase {
  struct Random {
    var state: UInt64
    mutating func next(_ below: UInt64) -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state >> 33) % below
    }
  }

  func testStormsEndInAgreement() {
    let runs = Int(ProcessInfo.processInfo.environment["CHAOS_RUNS"] ?? "40")!
    let first = Int(ProcessInfo.processInfo.environment["CHAOS_FIRST"] ?? "0")!
    for run in first..<first + runs { storm(run) }
  }

  private func storm(_ run: Int) {
    var random = Random(state: UInt64(run) &* 7919 &+ 17)
    let count = 1 + run % 7
    let cluster = TestCluster(count)
    cluster.tick(until: { cluster.isSettled })
    var cuts: Set<[Int]> = []
    var loss: UInt64 = 0
    cluster.delivers = { from, to, _ in !cuts.contains([from, to]) && random.next(100) >= loss }
    var written = 0
    for _ in 0..<400 {
      switch random.next(40) {
      case 0: loss = random.next(4) * 10
      case 1: cuts.insert([Int(random.next(UInt64(count))), Int(random.next(UInt64(count)))])
      case 2:
        let side = random.next(128)
        for a in 0..<count {
          for b in 0..<count where (side >> UInt64(a)) & 1 != (side >> UInt64(b)) & 1 { cuts.insert([a, b]) }
        }
      case 3, 4: cuts.removeAll()
      case 5:
        if count > 2, cluster.isSettled { cluster.start(Int(random.next(UInt64(count)))) }
      case 6: cluster.step(Int(random.next(UInt64(count))), .handOver)
      case 7...12:
        written += 1
        _ = cluster.write(Int(random.next(UInt64(count))), "k\(random.next(3))", "\(written)")
      case 13...18: _ = cluster.read(Int(random.next(UInt64(count))), "k\(random.next(3))")
      default: break
      }
      cluster.tick()
    }
    loss = 0
    cuts.removeAll()
    for _ in 0..<1500 where !cluster.isSettled { cluster.tick() }
    XCTAssertTrue(cluster.isSettled, "run \(run): \(cluster.summary)")
    var hashes: Set<String> = []
    for replica in cluster.live {
      var store = replica.store
      hashes.insert("\(store.stateHash()) \(replica.executed)")
    }
    XCTAssertEqual(hashes.count, 1, "run \(run)")
    let id = cluster.write(count - 1, "end", "x")
    cluster.tick(until: { cluster.answers[id] != nil })
    XCTAssertEqual(cluster.answers[id]?.kind, "done", "run \(run)")
  }
}
