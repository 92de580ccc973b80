import XCTest

/// Whatever two readers could take for two different requests is refused, and nothing after it is read
/// (RFC 9112, sections 5.2, 6.3, 7.1 and 11.2).
final class SmugglingTests: XCTestCase {
  /// What would be executed if the server took the ambiguous request's body for the next request.
  private let smuggled = "GET /smuggled=1 HTTP/1.1\r\nHost: x\r\n\r\n"

  private func check(_ heads: [String], body: String = "", _ reply: Expected = .badRequest) throws {
    let node = try Node()
    node.check(
      heads.map {
        Row(
          $0.debugDescription.prefix(90).description, Array(($0 + "\r\n\r\n" + body + smuggled).utf8), reply,
          then: .closed)
      })
    XCTAssertEqual(try node.get("/smuggled").body, "smuggled=NIL")
    XCTAssertEqual(try node.get("/a").body, "a=NIL")
  }

  private func put(_ headers: String...) -> String {
    (["PUT /a HTTP/1.1", "Host: x"] + headers).joined(separator: "\r\n")
  }

  func testLengths() throws {
    try check(
      [
        put("Content-Length: 1", "Content-Length: 2"), put("Content-Length: 1", "Content-Length: 1"),
        put("Content-Length: 1, 1"), put("Content-Length: 1,2"), put("Content-Length: +1"),
        put("Content-Length: -1"), put("Content-Length: 0x1"), put("Content-Length: 1 1"),
        put("Content-Length:"),
        put("Content-Length: 1a"), put("Content-Length: \"1\""),
        put("Content-Length: 18446744073709551617x"),
      ], body: "b")
    try check(
      [put("Content-Length: 18446744073709551617")], body: "b",
      .error("400 Bad Request", "413 Content Too Large"))
  }

  func testLengthAndTransferEncoding() throws {
    try check(
      [
        put("Content-Length: 1", "Transfer-Encoding: chunked"),
        put("Transfer-Encoding: chunked", "Content-Length: 1"),
        put("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
      ], body: "0\r\n\r\n")
    try check(
      [
        put("Transfer-Encoding: identity"), put("Transfer-Encoding: chunked, chunked"),
        put("Transfer-Encoding: xchunked"),
        put("Transfer-Encoding: chunked, identity"),
        put("Transfer-Encoding: chunked;q=1"), put("Transfer-Encoding:"),
      ], body: "0\r\n\r\n", .error("400 Bad Request", "501 Not Implemented"))
  }

  func testHeaderSyntax() throws {
    try check([
      put("Content-Length : 1"), put("Content-Length\t: 1"), put(" Content-Length: 1"),
      put("X: a", " folded: b"),
      put("X: a", "\tfolded"), put("X: a\rb"), put("X: a\r\r"), put("X: a\u{0}b"), put("no colon"),
      put(": no name"),
      put("X(y): z"), put("X y: z"), "PUT /a HTTP/1.1\r\nHost: x\r\nHost: y",
    ])
  }

  func testRequestLines() throws {
    try check([
      "GET /a\rb HTTP/1.1\r\nHost: x", "GET /a HTTP/1.1\r\r\nHost: x",
      "GET /a HTTP/1.1x\r\nHost: x", "GET /a HTTP/1\r\nHost: x",
    ])
  }

  func testChunks() throws {
    for body in [
      "x\r\nb\r\n0\r\n\r\n", "1\r\nbb\r\n0\r\n\r\n", "-1\r\nb\r\n0\r\n\r\n", "0x1\r\nb\r\n0\r\n\r\n",
      "\r\nb\r\n0\r\n\r\n",
      " 1\r\nb\r\n0\r\n\r\n", "1\nb\n0\n\n", "1\r\nb0\r\n\r\n", "+1\r\nb\r\n0\r\n\r\n",
    ] {
      try check([put("Transfer-Encoding: chunked")], body: body)
    }
    try check(
      [put("Transfer-Encoding: chunked")], body: "ffffffffffffffff1\r\nb\r\n0\r\n\r\n",
      .error("400 Bad Request", "413 Content Too Large"))
  }

  func testABodyThatNobodyAskedForIsNotARequest() throws {
    let node = try Node()
    for method in ["GET", "HEAD", "DELETE"] {
      let connection = try node.connect()
      let head = "\(method) /a HTTP/1.1\r\nHost: x\r\nContent-Length: \(smuggled.utf8.count)\r\n\r\n"
      connection.send(head + smuggled + "GET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
      let text = try connection.readToEnd()
      XCTAssertFalse(text.contains("smuggled"), text)
      XCTAssertEqual(try node.get("/smuggled").body, "smuggled=NIL", method)
    }
  }

  func testALoneLineBeforeARequestIsForgiven() throws {
    // RFC 9112, section 2.2: at least one empty line before a request line is ignored.
    try Node().check([
      Row("CRLF first", Array("\r\nGET /a HTTP/1.1\r\nHost: x\r\n\r\n".utf8), .missing("a"), then: .open)
    ])
  }
}
