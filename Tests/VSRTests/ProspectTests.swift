import VSR
import XCTest

/// What would be survived, against a count of every course that failures can take.
final class ProspectTests: XCTestCase {
  private struct State: Hashable {
    var configuration: Configuration
    var present: ServerMask
  }

  private var known: [State: Int] = [:]

  private func configuration(_ servers: some Sequence<ServerIndex>, heavy: ServerIndex) -> Configuration {
    Configuration(incarnations: servers.map { ($0, UInt64($0) + 1) }, heavy: heavy)
  }

  private func servers(_ mask: ServerMask) -> [ServerIndex] { (0..<serversMax).filter(mask.contains) }

  private func each(of mask: ServerMask) -> [(server: ServerIndex, rest: ServerMask)] {
    servers(mask).map { server in
      var rest = mask
      rest.remove(server)
      return (server, rest)
    }
  }

  /// Every configuration of 1 to 7 members, every heavy one, every set of those present.
  private func forEach(_ body: (Configuration, ServerMask) -> Void) {
    for count in 1...serversMax {
      for heavy in 0..<(count % 2 == 0 ? count : 1) {
        for bits in 0..<UInt8(1 << count) {
          body(configuration(0..<count, heavy: heavy), ServerMask(bits: bits))
        }
      }
    }
  }

  /// One victim after the other and nobody taken out; -1 without a quorum.
  private func atOnce(_ configuration: Configuration, _ present: ServerMask) -> Int {
    guard configuration.isQuorum(present) else { return -1 }
    let state = State(configuration: configuration, present: present)
    if let value = known[state] { return value }
    let value = 1 + each(of: present).map { atOnce(configuration, $0.rest) }.min()!
    known[state] = value
    return value
  }

  /// While anybody is absent one of them is taken out, in any order, by any primary, which then is the heavy one. Only
  /// then the next fails.
  private func apart(_ configuration: Configuration, _ present: ServerMask) -> Int {
    guard configuration.isQuorum(present) else { return -1 }
    let state = State(configuration: configuration, present: present)
    if let value = known[state] { return value }
    let absent = configuration.members.map(\.server).filter { !present.contains($0) }
    let value: Int
    if absent.isEmpty {
      value = 1 + each(of: present).map { apart(configuration, $0.rest) }.min()!
    } else {
      let next = absent.flatMap { gone in
        servers(present).map { configuration.removing(gone, heavy: $0) }
      }
      XCTAssertTrue(next.allSatisfy { $0.isQuorum(present) }, "taking out \(absent) of \(configuration)")
      value = next.map { apart($0, present) }.min()!
    }
    known[state] = value
    return value
  }

  func testAtOnceIsTheWorstChoice() {
    forEach { configuration, present in
      let expected = atOnce(configuration, present)
      for isShrinking in [false, true] {
        let prospect = Prospect(configuration, present: present, isShrinking: isShrinking)
        XCTAssertEqual(prospect?.atOnce ?? -1, expected, "\(configuration) \(present)")
      }
      let still = Prospect(configuration, present: present, isShrinking: false)
      XCTAssertEqual(still?.apart, still?.atOnce)
    }
  }

  func testApartIsTheWorstCourse() {
    forEach { configuration, present in
      let prospect = Prospect(configuration, present: present, isShrinking: true)
      XCTAssertEqual(prospect?.apart ?? -1, apart(configuration, present), "\(configuration) \(present)")
      if let prospect { XCTAssertGreaterThanOrEqual(prospect.apart, prospect.atOnce) }
    }
  }

  func testTheCriticalAreThoseWithoutWhomItEnds() {
    forEach { configuration, present in
      guard let prospect = Prospect(configuration, present: present, isShrinking: true) else {
        return XCTAssertFalse(configuration.isQuorum(present))
      }
      for (server, rest) in each(of: present) {
        XCTAssertEqual(prospect.critical.contains(server), !configuration.isQuorum(rest))
      }
      XCTAssertEqual(prospect.critical.count == 0, prospect.atOnce > 0)
    }
  }

  /// What docs/situations.md says.
  func testAllPresent() {
    let expected: [(atOnce: Int, apart: Int)] = [(0, 0), (0, 0), (1, 1), (1, 2), (2, 3), (2, 4), (3, 5)]
    for count in 1...serversMax {
      for heavy in 0..<count {
        let all = ServerMask(0..<count)
        let prospect = Prospect(configuration(0..<count, heavy: heavy), present: all, isShrinking: true)
        XCTAssertEqual(prospect?.atOnce, expected[count - 1].atOnce, "\(count)")
        XCTAssertEqual(prospect?.apart, expected[count - 1].apart, "\(count)")
      }
    }
  }

  func testOfFourWithSomeAbsent() {
    let four = configuration(0..<4, heavy: 0)
    func prospect(_ present: ServerIndex...) -> Prospect? {
      Prospect(four, present: ServerMask(present), isShrinking: true)
    }
    XCTAssertEqual(prospect(1, 2, 3)?.atOnce, 0, "the light ones: none to spare")
    XCTAssertEqual(prospect(1, 2, 3)?.apart, 1)
    XCTAssertEqual(prospect(0, 1, 2)?.critical, ServerMask([0]), "any light one may go")
    XCTAssertEqual(prospect(0, 1)?.atOnce, 0)
    XCTAssertEqual(prospect(0, 1)?.apart, 0)
    XCTAssertNil(prospect(1, 2))
    XCTAssertNil(prospect(0))
    let two = configuration(0..<2, heavy: 1)
    XCTAssertEqual(Prospect(two, present: ServerMask([0, 1]), isShrinking: true)?.critical, ServerMask([1]))
    XCTAssertNotNil(Prospect(two, present: ServerMask([1]), isShrinking: true))
    XCTAssertNil(Prospect(two, present: ServerMask([0]), isShrinking: true))
  }
}
