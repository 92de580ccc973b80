import XCTest

@testable import Servers

final class ServersFileTests: XCTestCase {
  private func entries(_ text: String) -> Result<[String], ServersError> {
    do throws(ServersError) {
      return .success(try ServersFile(parsing: Array(text.utf8), file: "servers.txt").entries.map(\.text))
    } catch { return .failure(error) }
  }

  private func fault(_ text: String) -> String? {
    guard case .failure(let error) = entries(text) else { return nil }
    return error.description
  }

  func testReadsEntriesInTheOrderWritten() {
    let cases: [(String, [String])] = [
      ("192.168.2.3:8081\n192.168.2.2:8081\n", ["192.168.2.3:8081", "192.168.2.2:8081"]),
      ("a:1", ["a:1"]),
      ("a:1\r\nb:2\r\n", ["a:1", "b:2"]),
      ("\u{feff}a:1\n", ["a:1"]),
      ("  \t a:1 \t\r\n\n   \n b:2", ["a:1", "b:2"]),
      ("# the cluster\na:1 # mine\n#b:2\n#\nc:3#x", ["a:1", "c:3"]),
      ("# größer\n[::1]:8081\n[fe80::1%eth0]:1\n", ["[::1]:8081", "[fe80::1%eth0]:1"]),
      ("a:1\na:2\n", ["a:1", "a:2"]),
      ("a:1\nb:1\nc:1\nd:1\ne:1\nf:1\ng:1\n", ["a:1", "b:1", "c:1", "d:1", "e:1", "f:1", "g:1"]),
      ("a_b.C-d.example.:65535", ["a_b.C-d.example.:65535"]),
    ]
    for (text, expected) in cases {
      XCTAssertEqual(entries(text), .success(expected), text)
    }
  }

  func testNamesTheLineAndTheReason() {
    let cases: [(String, String)] = [
      ("", "1: names no server: expected one host:port a line"),
      ("\u{feff}\r\n# a:1\n", "1: names no server: expected one host:port a line"),
      ("a:1\n\nb\n", #"3: "b" has no port: expected host:port"#),
      ("a:1\nb:\n", #"2: "b:" has no port: expected host:port"#),
      (":8081", #"1: ":8081" has no host: expected host:port"#),
      ("a:0", #"1: port "0" is out of range: 1 to 65535"#),
      ("a:65536", #"1: port "65536" is out of range: 1 to 65535"#),
      ("a:99999999999999999999999999", #"1: port "99999999999999999999999999" is out of range: 1 to 65535"#),
      ("a:08081", #"1: port "08081" begins with a zero"#),
      ("a:80x", #"1: port "80x" is not a number"#),
      ("a:-1", #"1: port "-1" is not a number"#),
      ("a:1 b:2", #"1: "a:1 b:2" is not host:port; an IPv6 address stands in brackets: [::1]:8081"#),
      ("::1:8081", #"1: "::1:8081" is not host:port; an IPv6 address stands in brackets: [::1]:8081"#),
      ("[::1]", #"1: "[::1]" is not [IPv6]:port"#),
      ("[::1:8081", #"1: "[::1:8081" is not [IPv6]:port"#),
      ("[::1::]:8081", #"1: "::1::" is not an IPv6 address"#),
      ("[::1%]:8081", #"1: "::1%" is not an IPv6 address"#),
      ("[]:8081", #"1: "" is not an IPv6 address"#),
      ("256.1.1.1:1", #"1: "256.1.1.1" is not an IPv4 address"#),
      ("1.2.3:1", #"1: "1.2.3" is not an IPv4 address"#),
      ("1.2.3.04:1", #"1: "1.2.3.04" is not an IPv4 address"#),
      ("http://a:1", #"1: "http://a:1" is not host:port; an IPv6 address stands in brackets: [::1]:8081"#),
      ("a b:1", #"1: "a b" is not a host name"#),
      ("-a:1", #"1: "-a" is not a host name"#),
      ("a..b:1", #"1: "a..b" is not a host name"#),
      ("\u{1}ä:1", #"1: "\x01\xc3\xa4" is not a host name"#),
      ("a:1\nb:1\nA:1", #"3: "A:1" repeats the server of line 1"#),
      ("[::1]:1\n[0:0::0001]:1", #"2: "[0:0::0001]:1" repeats the server of line 1"#),
      ("a:1\nb:1\nc:1\nd:1\ne:1\nf:1\ng:1\nh:1\n", "8: more than 7 servers"),
    ]
    for (text, expected) in cases {
      XCTAssertEqual(fault(text), "servers.txt:" + expected, text)
    }
  }

  func testBoundsTheFileAndItsNames() {
    XCTAssertNotNil(fault(String(repeating: "#", count: ServersFile.bytesMax + 1)))
    XCTAssertEqual(
      entries("a:1\n" + String(repeating: "#", count: ServersFile.bytesMax - 4)), .success(["a:1"]))
    let label = String(repeating: "x", count: 63)
    XCTAssertEqual(entries(label + ":1"), .success([label + ":1"]))
    XCTAssertNotNil(fault(label + "x:1"))
    let name = Array(repeating: label, count: 3).joined(separator: ".") + "." + String(label.dropLast(2))
    XCTAssertEqual(name.utf8.count, 253)
    XCTAssertEqual(entries(name + ":1"), .success([name + ":1"]))
    XCTAssertNotNil(fault(name + "x:1"))
  }

  func testAMessageIsOnePrintableLineWhateverTheBytes() {
    var seed: UInt64 = 7
    for _ in 0..<2000 {
      let bytes = (0..<40).map { _ in
        seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: seed >> 56)
      }
      do throws(ServersError) {
        let file = try ServersFile(parsing: bytes, file: "servers.txt")
        XCTAssertFalse(file.entries.isEmpty)
      } catch {
        XCTAssertTrue(error.description.utf8.allSatisfy { (0x20..<0x7f).contains($0) }, error.description)
      }
    }
  }

  func testAnUnreadableFileFailsAtItsFirstLine() {
    let error = ServersError.unreadable(file: "x/servers.txt", reason: "no such file or directory")
    XCTAssertEqual(error.description, "x/servers.txt:1: cannot be read: no such file or directory")
  }
}
