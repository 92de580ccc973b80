import VSR
import XCTest

final class NormalOperationTests: XCTestCase {
  func testBirthWritesAndReadsAtEveryServer() {
    for count in 1...7 {
      let cluster = TestCluster(count)
      cluster.tick(until: { cluster.isSettled })
      for server in 0..<count {
        let id = cluster.write(server, "k", "v\(server)")
        cluster.tick(until: { cluster.answers[id] != nil })
        let old = server == 0 ? nil : "v\(server - 1)"
        XCTAssertEqual(cluster.answers[id], .init(kind: "done", value: old), "\(count) servers")
        for reader in 0..<count {
          let ticket = cluster.read(reader, "k")
          cluster.tick(until: { cluster.answers[ticket] != nil })
          XCTAssertEqual(cluster.answers[ticket], .init(kind: "read", value: "v\(server)"))
        }
      }
    }
  }

  func testPrimaryDiesAndComesBackBlank() {
    for count in 3...7 {
      let cluster = TestCluster(count)
      cluster.tick(until: { cluster.isSettled })
      let first = cluster.write(1, "k", "a")
      cluster.tick(until: { cluster.answers[first] != nil })
      let old = cluster.primary!
      cluster.replicas[old] = nil
      let survivor = (old + 1) % count
      let id = cluster.write(survivor, "k", "b")
      cluster.tick(until: { cluster.answers[id] != nil })
      XCTAssertEqual(cluster.answers[id], .init(kind: "done", value: "a"), cluster.summary)
      cluster.start(old)
      cluster.tick(until: { cluster.isSettled })
      XCTAssertEqual(cluster.live[0].epoch.id.number, 2, "its new life was swapped in")
      let ticket = cluster.read(old, "k")
      cluster.tick(until: { cluster.answers[ticket] != nil })
      XCTAssertEqual(cluster.answers[ticket], .init(kind: "read", value: "b"))
    }
  }
}
