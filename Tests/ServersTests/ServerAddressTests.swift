import Glibc
import XCTest

@testable import Servers

final class ServerAddressTests: XCTestCase {
  private func address(_ text: String) throws -> ServerAddress {
    try ServerAddress(parsing: Array(text.utf8)[...])
  }

  func testKeepsTheTextAndReadsTheParts() throws {
    let name = try address("Node-1.example:8081")
    XCTAssertEqual(name.text, "Node-1.example:8081")
    XCTAssertEqual(name.host, "Node-1.example")
    XCTAssertEqual(name.port, 8081)
    XCTAssertEqual(name.endpoint, .name("node-1.example"))
    XCTAssertFalse(name.isNumeric)
    let four = try address("192.168.2.3:1")
    XCTAssertEqual(four.endpoint, .ipv4(0xc0a8_0203))
    XCTAssertTrue(four.isNumeric)
    let six = try address("[fe80::1%eth0]:65535")
    XCTAssertEqual(six.host, "fe80::1%eth0")
    XCTAssertTrue(six.isNumeric)
  }

  func testIdentityIsTheTextAndPlaceIsTheMeaning() throws {
    let upper = try address("A.example:1")
    let lower = try address("a.example.:1")
    XCTAssertNotEqual(upper, lower)
    XCTAssertTrue(upper.isSamePlace(as: lower))
    XCTAssertFalse(upper.isSamePlace(as: try address("A.example:2")))
    XCTAssertFalse(upper.isSamePlace(as: try address("B.example:1")))
  }

  /// The C library is the oracle for the text form of IPv6.
  func testReadsIPv6AsTheSystemDoes() {
    let texts = [
      "::", "::1", "1::", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1::8", "1:2::7:8",
      "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", ":::", ":", ":1", "1:", "12345::", "g::", "::1.2.3.4",
      "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3", "1.2.3.4::", "::ffff:255.255.255.255",
      "::ffff:256.0.0.1", "ABCD:ef01::", "::0000", "::00000", "0:0:0:0:0:0:0:0", "1:2:3:4::5:6:7:8", "",
      "::+1",
      "1::-1", ":: 1", "2001:db8::ff00:42:8329",
    ]
    for text in texts {
      var bytes = in6_addr()
      let isValid = inet_pton(AF_INET6, text, &bytes) == 1
      let groups = IPv6Groups(parsing: Array(text.utf8)[...])
      XCTAssertEqual(groups != nil, isValid, text)
      guard let groups, isValid else { continue }
      let words = withUnsafeBytes(of: bytes) {
        ($0.load(as: UInt64.self).bigEndian, $0.load(fromByteOffset: 8, as: UInt64.self).bigEndian)
      }
      XCTAssertEqual([groups.high, groups.low], [words.0, words.1], text)
    }
  }

  func testAHostListKeepsOrderAndDropsRepetition() throws {
    let list = try HostList(parsing: Array(" b:2, a:1,b:2 ,B:2,[::1]:3".utf8))
    XCTAssertEqual(list.hosts.map(\.text), ["b:2", "a:1", "[::1]:3"])
  }

  func testAHostListRefusesWhatIsNotOne() {
    let cases = [
      ("", "empty entry: expected host:port"),
      ("a:1,", "empty entry: expected host:port"),
      ("a:1,,b:2", "empty entry: expected host:port"),
      ("a", #""a" has no port: expected host:port"#),
      ((1...65).map { "a:\($0)" }.joined(separator: ","), "more than 64 hosts"),
    ]
    for (text, reason) in cases {
      XCTAssertThrowsError(try HostList(parsing: Array(text.utf8)), text) {
        XCTAssertEqual(($0 as? AddressError)?.description, reason)
      }
    }
    XCTAssertEqual(
      try HostList(parsing: Array((1...64).map { "a:\($0)" }.joined(separator: ",").utf8)).hosts.count, 64)
  }
}
