import Bytes
import XCTest

@testable import Servers

final class ServerSetTests: XCTestCase {
  private func set(_ lines: String...) throws -> ServerSet {
    try ServerSet(parsing: Array(lines.joined(separator: "\n").utf8), file: "servers.txt")
  }

  func testTheOwnEntryIsTheFirstAndTheOrderIsTheBytes() throws {
    let set = try set("b:10", "b:9", "B:1", "a:1", "[::1]:1")
    XCTAssertEqual(set.members.map(\.text), ["B:1", "[::1]:1", "a:1", "b:10", "b:9"])
    XCTAssertEqual(set.ownIndex, 3)
    XCTAssertEqual(set.own.text, "b:10")
    XCTAssertEqual(set.count, 5)
  }

  func testEveryServerSeesTheSameSet() throws {
    let first = try set("a:1", "b:2", "c:3")
    let second = try set("c:3", "a:1", "b:2")
    XCTAssertEqual(first.members, second.members)
    XCTAssertEqual(first.digest, second.digest)
    XCTAssertNotEqual(first.ownIndex, second.ownIndex)
  }

  func testAnotherSetHasAnotherDigest() throws {
    let sets = [
      try set("a:1"), try set("a:1", "b:2"), try set("a:1", "b:3"), try set("A:1"),
      try set("a:1", "b:2", "c:3"),
    ]
    XCTAssertEqual(Set(sets.map(\.digest)).count, sets.count)
  }

  /// The digest crosses versions on the wire: its bytes are fixed.
  func testTheDigestIsThatOfCountedTexts() throws {
    var sip = SipHash(isWide: true)
    sip.update([2, 3] + Array("a:1".utf8) + [4] + Array("b:22".utf8))
    XCTAssertEqual(try set("b:22", "a:1").digest, sip.digest())
  }

  func testADifferenceNamesTheEntries() throws {
    let own = try set("a:1", "b:2", "c:3")
    XCTAssertNil(own.difference(to: ["c:3", "a:1", "b:2"]))
    let difference = own.difference(to: ["z:9", "a:1", "d:4"])
    XCTAssertEqual(difference, .init(onlyHere: ["b:2", "c:3"], onlyThere: ["d:4", "z:9"]))
    XCTAssertEqual(difference?.description, "only here: b:2 c:3; only there: d:4 z:9")
    XCTAssertEqual(own.difference(to: ["a:1", "b:2"])?.description, "only here: c:3")
    XCTAssertEqual(own.difference(to: ["a:1", "b:2", "c:3", "d:4"])?.description, "only there: d:4")
  }
}
