import Bytes
import VSR
import XCTest

final class ConfigurationTests: XCTestCase {
  private func configuration(_ count: Int, heavy: ServerIndex = 0) -> Configuration {
    Configuration(incarnations: (0..<count).map { ($0, UInt64($0) + 1) }, heavy: heavy)
  }

  func testEveryTwoQuorumsMeet() {
    for count in 1...serversMax {
      for heavy in 0..<count {
        let configuration = configuration(count, heavy: heavy)
        XCTAssertEqual(configuration.totalWeight % 2, 1)
        let quorums = (0..<UInt8(1 << count)).map { ServerMask(bits: $0) }.filter(configuration.isQuorum)
        for one in quorums {
          for other in quorums {
            XCTAssertNotEqual(one.bits & other.bits, 0, "\(count) members, heavy \(heavy)")
          }
        }
        // And of a set and its complement one is a quorum: nothing is lost by the weights.
        for bits in 0..<UInt8(1 << count) {
          let rest = ServerMask(bits: ~bits & UInt8((1 << count) - 1))
          XCTAssertNotEqual(configuration.isQuorum(ServerMask(bits: bits)), configuration.isQuorum(rest))
        }
      }
    }
  }

  func testOnlyEvenNumbersHaveAHeavyMember() {
    XCTAssertEqual(configuration(3, heavy: 1).members.map(\.weight), [1, 1, 1])
    XCTAssertEqual(configuration(4, heavy: 1).members.map(\.weight), [1, 2, 1, 1])
    XCTAssertTrue(configuration(2).hasSoleQuorum)
    XCTAssertFalse(configuration(4).hasSoleQuorum)
  }

  func testViewsGoRoundFromTheFirstPrimary() {
    let configuration = configuration(3)
    XCTAssertEqual((0..<7).map { configuration.primary(of: $0, first: 1) }, [1, 2, 0, 1, 2, 0, 1])
  }

  func testReplacingKeepsOneLifeAServer() {
    let next = configuration(4).replacing(2, by: 99, heavy: 3)
    XCTAssertEqual(next.members.map(\.incarnation), [1, 2, 99, 4])
    XCTAssertEqual(next.members.map(\.weight), [1, 1, 1, 2])
    XCTAssertFalse(next.contains(2, 3))
  }

  func testEncodingTakesBackOnlyWhatItGave() throws {
    var bytes: [UInt8] = []
    configuration(4, heavy: 2).put(into: &bytes)
    try bytes.withUnsafeBytes { raw in
      var reader = ByteReader(raw)
      XCTAssertEqual(try Configuration.take(from: &reader), configuration(4, heavy: 2))
    }
    // An even total, and servers out of order, are nobody's.
    for (place, value) in [(2, UInt8(2)), (1, UInt8(5))] {
      var wrong = bytes
      wrong[place] = value
      try wrong.withUnsafeBytes { raw in
        var reader = ByteReader(raw)
        XCTAssertThrowsError(try Configuration.take(from: &reader))
      }
    }
  }
}

final class LogTests: XCTestCase {
  private func log(_ count: Int, view: View = 0) -> Log {
    var log = Log()
    for _ in 0..<count {
      log.append(LogEntry(op: log.head + 1, view: view, kind: .noop, body: [], parent: log.headDigest))
    }
    return log
  }

  func testDigestsTellLogsApartByViewAndOrder() {
    XCTAssertEqual(log(3).headDigest, log(3).headDigest)
    XCTAssertNotEqual(log(3).headDigest, log(3, view: 1).headDigest)
    XCTAssertNotEqual(log(3).headDigest, log(2).headDigest)
  }

  func testSegmentsConnectAndAgree() {
    var other = log(2)
    other.append(LogEntry(op: 3, view: 1, kind: .noop, body: [], parent: other.headDigest))
    let segment = other.segment(after: 1, through: 9)!
    XCTAssertEqual(segment.head, 3)
    XCTAssertTrue(log(3).connects(to: segment))
    XCTAssertEqual(log(3).agreement(with: segment), 2)
    XCTAssertNil(other.segment(after: 4, through: 9))
  }

  func testRecyclingKeepsTheChain() {
    var log = log(5)
    let whole = log
    log.recycle(through: 3)
    XCTAssertEqual(log.base, 3)
    XCTAssertEqual(log.baseDigest, whole.digest(at: 3))
    XCTAssertNil(log[3])
    XCTAssertEqual(log[4], whole[4])
    XCTAssertEqual(log.headDigest, whole.headDigest)
    log.truncate(after: 3)
    XCTAssertEqual(log.bytes, 0)
    XCTAssertEqual(log.headDigest, whole.digest(at: 3))
  }
}
