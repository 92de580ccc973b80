import Support
import XCTest

/// What is waited for no longer than promised, with the promises set short, and the store's size.
final class TimeTests: XCTestCase {
  private let timeout = Expected.error("408 Request Timeout")

  func testAHeadThatDoesNotArrive() throws {
    let node = try Node(["--head-timeout", "200"])
    node.check([
      Row("half a head", Array("GET /a HTTP/1.1\r\nHost: x\r\nX: ".utf8), timeout, then: .closed),
      Row("half a line", Array("GET /a".utf8), timeout.inEitherVersion(), then: .closed),
    ])
  }

  func testASlowHeadIsNotExtendedByItsBytes() throws {
    let connection = try Node(["--head-timeout", "200"]).connect()
    connection.send("GET /a HTTP/1.1\r\nHost: x\r\n")
    let reached = waitUntil(seconds: 20) {
      usleep(20_000)
      connection.send("X: y\r\n")
      return connection.hasBytes()
    }
    XCTAssertTrue(reached)
    XCTAssertEqual(try connection.reply().status, "408 Request Timeout")
  }

  func testABodyThatDoesNotArrive() throws {
    let node = try Node(["--body-timeout", "200"])
    node.check([
      .standard("PUT /a", ["Content-Length: 10"], body: "123", timeout, then: .closed),
      .standard("PUT /a", ["Transfer-Encoding: chunked"], body: "3\r\n12", timeout, then: .closed),
      .standard("GET /a", .missing("a")),
    ])
  }

  func testIdleConnectionsAreClosedWithoutAWord() throws {
    let node = try Node(["--idle-timeout", "200"])
    XCTAssertTrue(try node.connect().isAtEnd())
    let used = try node.connect()
    used.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
    XCTAssertEqual(try used.reply().body, "a=NIL")
    XCTAssertTrue(try used.isAtEnd())
  }

  func testAFullStoreRefusesOnlyGrowth() throws {
    let node = try Node(["--store-limit", "1"])
    let value = String(repeating: "v", count: 2048)
    let connection = try node.connect()
    var reply: Reply
    var count = 0
    repeat {
      connection.send("PUT /k\(count) HTTP/1.1\r\nHost: x\r\nContent-Length: 2048\r\n\r\n\(value)")
      reply = try connection.reply()
      count += 1
    } while reply.status == "200 OK" && count < 1000
    XCTAssertEqual(Expected.error("507 Insufficient Storage").complaints(about: reply), [])
    node.check([
      .standard("GET /k\(count - 1)", .missing("k\(count - 1)")),
      .standard("GET /k0", .value("k0=\(value)")),
      .standard("GET /k0=small", .replaced("k0=\(value)")),
      .standard("DELETE /k1", .removed("k1=\(value)")),
      .standard("GET /again=1", .created("again")),
    ])
  }
}

extension Expected {
  /// The request broke off before its dialect was known: either one's headers are right.
  func inEitherVersion() -> Expected {
    var copy = self
    copy.isDialectOpen = true
    copy.versions = ["HTTP/1.0", "HTTP/1.1"]
    return copy
  }
}
