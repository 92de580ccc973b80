import XCTest

/// The dialect of curl, browsers and libraries: RFC 9112 with this project's resources.
final class StandardTests: XCTestCase {
  func testReadsAndWrites() throws {
    try Node().check([
      .standard("GET /color", .missing("color")),
      .standard("GET /color=blue", .created("color")),
      .standard("GET /color", .value("color=blue")),
      .standard("GET /[color]=[red]", .replaced("[color]=[blue]")),
      .standard("GET /[color]", .value("[color]=[red]")),
      .standard("PUT /color", ["Content-Length: 5"], body: "green", .replaced("color=red")),
      .standard("PUT /empty", ["Content-Length: 0"], .created("empty")),
      .standard("GET /empty", .value("empty=")),
      .standard("GET /empty=", .replaced("empty=")),
      .standard("DELETE /color", .removed("color=green")),
      .standard("DELETE /color", .missing("color")),
      .standard("GET /color", .missing("color")),
      .standard("GET /text=NIL", .created("text")),
      .standard("GET /text", .value("text=NIL")),
    ])
  }

  func testHead() throws {
    try Node().check([
      .standard("GET /h=four", .created("h")),
      .standard("HEAD /h", .value("h=four").withoutBody()),
      .standard("HEAD /none", .missing("none").withoutBody()),
      .standard("HEAD /h=five", .notAllowed.withoutBody()),
      .standard("GET /h", .value("h=four")),
    ])
  }

  func testTargets() throws {
    try Node().check([
      .standard("GET /a%20b=c%3Dd", .created("a b")),
      .standard("GET /a%20b", .value("a b=c=d")),
      .standard("GET /e=m=c2", .created("e")),
      .standard("GET /e", .value("e=m=c2")),
      .standard("GET /q?x=y", .created("q?x")),
      .standard("GET /q%3fx", .value("q?x=y")),
      .standard("GET /a+b", .missing("a+b")),
      .standard("GET //x", .missing("/x")),
      .standard("GET /-%2Fx", .missing("-/x")),
      .standard("GET /gr%C3%BCn=wei%c3%9f", .created("grün")),
      .standard("GET /gr%C3%BCn", .value("grün=weiß")),
      .standard("GET http://127.0.0.1/abs=1", .created("abs")),
      .standard("GET http://example.org:80/abs", .value("abs=1")),
      .standard("GET HTTP://example.org/abs", .value("abs=1")),
    ])
  }

  func testKeysAndValuesThatAreRefused() throws {
    let node = try Node()
    node.check(
      [
        "/", "/=v", "/a%", "/a%2", "/a%zz", "/a=%", "/a=%f", "/a%3Db", "/a%5Bb", "/a=%5D", "/[a]=b", "/a=[b]",
        "/[a", "/a%00", "/a%0Ab", "/a%0D", "/a%1F", "/a%7F", "/a%C2%85", "/a=%09", "/a=%C2%80", "/%FF",
        "/a%C3",
        "/a%C0%80", "/a=%ED%A0%80", "/a=%F4%90%80%80", "/a=%E2%82",
      ].map { .standard("GET \($0)", .badRequest, then: .either) })
    node.check([
      .standard("PUT /a=b", ["Content-Length: 1"], body: "c", .badRequest, then: .either),
      .standard("DELETE /a=b", .badRequest, then: .either),
      .standard("PUT /a", ["Content-Length: 2"], body: "b\n", .badRequest, then: .either),
      .standard("PUT /a", ["Content-Length: 3"], body: "[b]", .badRequest, then: .either),
      .standard("GET /a", .missing("a")),
    ])
  }

  func testMethods() throws {
    try Node().check([
      .standard("POST /a", ["Content-Length: 1"], body: "b", .notAllowed, then: .either),
      .standard("PATCH /a", ["Content-Length: 1"], body: "b", .notAllowed, then: .either),
      .standard("POST /a", ["Content-Length: 0"], .notAllowed, then: .either),
      .standard("BREW /a", .error("501 Not Implemented"), then: .either),
      .standard("get /a", .error("501 Not Implemented"), then: .either),
      .standard("OPTIONS *", Expected(statuses: ["204 No Content"], body: .nothing, headers: ["allow": "*"])),
      .standard("GET /a", .missing("a")),
    ])
  }

  func testAllowNamesTheMethodsThatWork() throws {
    let connection = try Node().connect()
    for request in [
      "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
    ] {
      connection.send(request)
      let allow = try XCTUnwrap(connection.reply()["allow"])
      let methods = Set(allow.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) })
      XCTAssertTrue(methods.isSuperset(of: ["GET", "HEAD", "PUT", "DELETE"]), allow)
      XCTAssertTrue(methods.isDisjoint(with: ["POST", "PATCH"]), allow)
    }
  }

  func testBodies() throws {
    try Node().check([
      .standard("PUT /a", .error("411 Length Required"), then: .either),
      .standard("PUT /a", ["Transfer-Encoding: chunked"], body: "3\r\nabc\r\n0\r\n\r\n", .created("a")),
      .standard(
        "PUT /a", ["transfer-encoding: Chunked"],
        body: "1;x=y\r\n1\r\n00A\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n", .replaced("a=abc")),
      .standard("PUT /a", ["Transfer-Encoding: chunked"], body: "0\r\n\r\n", .replaced("a=10123456789")),
      .standard("GET /a", .value("a=")),
      .standard("PUT /a", ["Content-Length: 001"], body: "b", .replaced("a=")),
      .standard(
        "PUT /a", ["Transfer-Encoding: gzip, chunked"], body: "0\r\n\r\n",
        .error("501 Not Implemented", "400 Bad Request"), then: .closed),
    ])
  }

  func testExpectContinueIsHonoured() throws {
    let connection = try Node().connect()
    connection.send("PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
    XCTAssertEqual(try connection.reply().status, "100 Continue")
    connection.send("abc")
    XCTAssertEqual(Expected.created("a").complaints(about: try connection.reply()), [])
    connection.send(
      "PUT /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nexpect: 100-Continue\r\n\r\n")
    XCTAssertEqual(try connection.reply().status, "100 Continue")
    connection.send("3\r\ndef\r\n0\r\n\r\n")
    XCTAssertEqual(try connection.reply().body, "a=abc")
  }

  func testABodyThatIsTooLongIsNotInvited() throws {
    try Node().check([
      .standard(
        "PUT /a", ["Content-Length: 8193", "Expect: 100-continue"], .error("413 Content Too Large"),
        then: .closed)
    ])
  }

  func testPersistence() throws {
    let node = try Node()
    let closing = Expected.missing("a").with("connection", "close")
    var old = Expected.missing("a")
    old.versions = ["HTTP/1.0", "HTTP/1.1"]
    node.check([
      .standard("GET /a", ["Connection: close"], closing, then: .closed),
      .standard("GET /a", ["connection: foo, Close"], closing, then: .closed),
      Row("HTTP/1.0", Array("GET /a HTTP/1.0\r\n\r\n".utf8), old, then: .closed),
      Row("HTTP/1.0 with Host", Array("GET /a HTTP/1.0\r\nHost: x\r\n\r\n".utf8), old, then: .closed),
      Row(
        "HTTP/1.0 kept alive", Array("GET /a HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n".utf8),
        old.with("connection", "keep-alive"), then: .open),
      Row(
        "half-close of a kept connection", Array("GET /a HTTP/1.1\r\nHost: x\r\n\r\n".utf8),
        .missing("a"), then: .closed, halfClose: true),
    ])
  }

  func testOtherVersionsAreRefused() throws {
    try Node().check(
      ["HTTP/2.0", "HTTP/3.0"].map {
        Row(
          $0, Array("GET /a \($0)\r\nHost: x\r\n\r\n".utf8),
          Expected.error("505 HTTP Version Not Supported"), then: .closed)
      })
  }

  func testPipelinedRequestsAreAnsweredInOrder() throws {
    let connection = try Node().connect()
    var text = ""
    for number in 0..<500 {
      switch number % 4 {
      case 0: text += "PUT /p\(number) HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nv"
      case 1: text += "GET /p\(number - 1) HTTP/1.1\r\nHost: x\r\n\r\n"
      case 2: text += "GET /p%zz HTTP/1.1\r\nHost: x\r\n\r\n"
      default: text += "HEAD /p\(number - 3) HTTP/1.1\r\nHost: x\r\n\r\n"
      }
    }
    connection.send(text)
    for number in 0..<500 {
      let reply = try connection.reply(bodiless: number % 4 == 3)
      switch number % 4 {
      case 0: XCTAssertEqual(reply.body, "p\(number)=NIL")
      case 1: XCTAssertEqual(reply.body, "p\(number - 1)=v")
      case 2: XCTAssertEqual(reply.status, "400 Bad Request")
      default: XCTAssertEqual(reply["content-length"], "\("p\(number - 3)=v".utf8.count)")
      }
    }
  }

  func testDialectsMixOnOneConnection() throws {
    let connection = try Node().connect()
    connection.send(
      "GET /a=1 HTTP/1.1\r\nHost: x\r\n\r\nGET a HTTP/1.1\r\n\r\nGET /ignored=1 HTTP/1.1\r\n\r\n")
    XCTAssertEqual(try connection.reply().version, "HTTP/1.1")
    let classic = try connection.reply()
    XCTAssertEqual(classic.version, "HTTP/1.0")
    XCTAssertEqual(classic.body, "a=1")
    XCTAssertTrue(try connection.isAtEnd())
  }

  func testAnySplitOfTheBytesGivesTheSameReplies() throws {
    let node = try Node.patient()
    let text =
      "PUT /s HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nabPUT /s HTTP/1.1\r\nHost: x\r\n"
      + "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\nGET /%73 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    let bytes = Array(text.utf8)
    node.check([.standard("GET /s=ab", .created("s"))])
    for cut in 1..<bytes.count {
      let connection = try node.connect()
      connection.send(Array(bytes[..<cut]))
      connection.waitUntilRead()
      connection.send(Array(bytes[cut...]))
      for _ in 0..<3 { XCTAssertEqual(try connection.reply().body, "s=ab", "cut at \(cut)") }
      XCTAssertTrue(try connection.isAtEnd(), "cut at \(cut)")
    }
  }

  func testByteByByte() throws {
    let connection = try Node.patient().connect()
    for byte in Array("GET /b=1 HTTP/1.1\r\nHost: x\r\n\r\n".utf8) {
      connection.send([byte])
      connection.waitUntilRead()
    }
    XCTAssertEqual(try connection.reply().body, "b=NIL")
  }
}
