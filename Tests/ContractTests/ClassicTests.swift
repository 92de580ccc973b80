import Support
import XCTest

/// The assignment's dialect, as a person with netcat or a student's client speaks it.
final class ClassicTests: XCTestCase {
  func testReadsAndWrites() throws {
    try Node().check([
      .classic("GET color=blue HTTP/1.1\r\nhost: x\r\n\r\n", .created("color")),
      .classic("GET color HTTP/1.1\r\nhost: x\r\n\r\n", .value("color=blue")),
      .classic("GET [color]=[red] HTTP/1.1\r\nhost: x\r\n\r\n", .replaced("[color]=[blue]")),
      .classic("GET [color] HTTP/1.1\r\n\r\n", .value("[color]=[red]")),
      .classic("GET [none] HTTP/1.1\r\n\r\n", .missing("[none]")),
      .classic("GET none HTTP/1.0\r\n\r\n", .missing("none")),
      .classic("GET empty= HTTP/1.1\r\n\r\n", .created("empty")),
      .classic("GET empty HTTP/1.1\r\n\r\n", .value("empty=")),
      .classic("GET empty=[] HTTP/1.1\r\n\r\n", .badRequest),
      .classic("GET [empty]=[] HTTP/1.1\r\n\r\n", .replaced("[empty]=[]")),
      .classic("GET text=NIL HTTP/1.1\r\n\r\n", .created("text")),
      .classic("GET text HTTP/1.1\r\n\r\n", .value("text=NIL")),
    ])
  }

  func testWhatMakesARequestClassic() throws {
    try Node().check([
      .classic("GET /slash=1 HTTP/1.1\r\n\r\n", .created("slash")),
      .classic("GET /slash HTTP/1.1\r\nAccept: */*\r\n\r\n", .value("slash=1")),
      .classic("GET /slash HTTP/1.1\nHost: x\n\n", .value("slash=1")),
      .classic("GET /slash HTTP/1.1\nHost: x\r\n\r\n", .value("slash=1")),
      .classic("GET slash HTTP/1.1\r\nHost: x\r\n\r\n", .value("slash=1")),
      .classic("GET slash\r\n\r\n", .value("slash=1")),
      .classic("GET /slash\n\n", .value("slash=1")),
      .classic("GET //two=1 HTTP/1.1\r\n\r\n", .created("/two")),
      .classic("GET /two\n\n", .missing("two")),
      .classic("GET -/x=1\n\n", .created("-/x")),
      .classic("GET -/x\n\n", .value("-/x=1")),
    ])
  }

  func testTheTargetIsTakenLiterally() throws {
    try Node().check([
      .classic("GET a b c=d e f HTTP/1.1\n\n", .created("a b c")),
      .classic("GET a b c HTTP/1.1\n\n", .value("a b c=d e f")),
      .classic("GET a b c\n\n", .value("a b c=d e f")),
      .classic("GET  lead HTTP/1.1\n\n", .missing(" lead")),
      .classic("GET trail  HTTP/1.1\n\n", .missing("trail ")),
      .classic("GET x HTTP/1.1=y HTTP/1.1\n\n", .created("x HTTP/1.1")),
      .classic("GET x HTTP/1.1 HTTP/1.1\n\n", .value("x HTTP/1.1=y")),
      .classic("GET 100%25=a%20b\n\n", .created("100%25")),
      .classic("GET 100%25\n\n", .value("100%25=a%20b")),
      .classic("GET /100%25\n\n", .missing("100%")),
      .classic("GET /100%2525\n\n", .value("100%25=a%20b")),
      .classic("GET /per%20cent=%41%c3%a9\n\n", .created("per cent")),
      .classic("GET per cent\n\n", .value("per cent=Aé")),
      .classic("GET /bad%2\n\n", .badRequest),
      .classic("GET e=m=c2\n\n", .created("e")),
      .classic("GET e\n\n", .value("e=m=c2")),
      .classic("GET [e]=[m=c3]\n\n", .replaced("[e]=[m=c2]")),
      .classic("GET ?q&r+s=?\n\n", .created("?q&r+s")),
      .classic("GET ?q&r+s\n\n", .value("?q&r+s=?")),
      .classic("GET grün=weiß\n\n", .created("grün")),
      .classic("GET grün\n\n", .value("grün=weiß")),
    ])
  }

  func testBracketsAreOnBothSidesOrNeither() throws {
    let node = try Node()
    node.check(
      [
        "[a]=b", "a=[b]", "[a=b]", "[a=b", "a]=b", "[a", "a]", "[a]]", "[[a]]", "[a]=[b", "[a]=b]",
        "[a]=[[b]]", "a[b", "[]", "[]=[v]",
      ]
      .map { .classic("GET \($0) HTTP/1.1\r\n\r\n", .badRequest) })
    node.check([.classic("GET a\n\n", .missing("a")), .classic("GET [a]\n\n", .missing("[a]"))])
  }

  func testWhatIsRefused() throws {
    try Node().check([
      .classic("GET  HTTP/1.1\r\n\r\n", .badRequest),
      .classic("GET / HTTP/1.1\r\n\r\n", .badRequest),
      .classic("GET =v\n\n", .badRequest),
      .classic("GET a\tb\n\n", .badRequest),
      .classic("GET a\u{0}b\n\n", .badRequest),
      .classic("GET a\u{7f}b\n\n", .badRequest),
      .classic("GET a=b\rc\n\n", .badRequest),
      .classic("PUT a HTTP/1.1\r\n\r\n", .error("405 Method Not Allowed", headers: ["allow": "*"])),
      .classic("DELETE a\n\n", .error("405 Method Not Allowed", headers: ["allow": "*"])),
      .classic("HEAD a\n\n", .error("405 Method Not Allowed", headers: ["allow": "*"])),
      .classic(
        "POST /a HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
        .error("405 Method Not Allowed", headers: ["allow": "*"])),
      .classic("BREW a\n\n", .error("405 Method Not Allowed", headers: ["allow": "*"])),
      Row(
        "invalid UTF-8", Array("GET a".utf8) + [0xff] + Array("\n\n".utf8), Expected.badRequest.inClassic(),
        then: .closed),
      Row(
        "truncated UTF-8", Array("GET a=".utf8) + [0xc3] + Array("\n\n".utf8),
        Expected.badRequest.inClassic(), then: .closed),
    ])
  }

  func testARequestIsCompleteWithoutItsBlankLine() throws {
    try Node().check([
      // The client's half-close ends it, wherever it stands.
      .classic("GET one=1\n", .created("one"), halfClose: true),
      .classic("GET one", .value("one=1"), halfClose: true),
      .classic("GET one HTTP/1.1\r\nHost: x", .value("one=1"), halfClose: true),
      .classic("GET one HTTP/1.1\r\nHost: x\r\n", .value("one=1"), halfClose: true),
      .classic("GET one HTTP/1.1\r\nHost: x\r\n\r\n", .value("one=1"), halfClose: true),
      // 200 ms of silence after a whole line end it too.
      .classic("GET one\n", .value("one=1")),
      .classic("GET one\r\n", .value("one=1")),
      .classic("GET one=2 HTTP/1.1\r\n", .replaced("one=1")),
      .classic("GET one HTTP/1.1\nHost: x\n", .value("one=2")),
      .classic("GET one HTTP/1.1\nHos", .value("one=2")),
    ])
  }

  func testLinesMayEndInEitherWayMixed() throws {
    try Node().check([
      .classic("GET m=1 HTTP/1.1\r\nHost: x\nAccept: a\r\n\n", .created("m")),
      .classic("GET m HTTP/1.1\nHost: x\r\nAccept: a\n\r\n", .value("m=1")),
      .classic("GET m\n\r\n", .value("m=1")),
      .classic("GET m\r\n\n", .value("m=1")),
    ])
  }

  func testKeepAliveIsKeptAndSaid() throws {
    let kept = Expected.created("k").inClassic().with("connection", "keep-alive")
    try Node().check([
      Row("keep-alive", Array("GET k=1 HTTP/1.1\r\nConnection: keep-alive\r\n\r\n".utf8), kept, then: .open),
      Row(
        "keep-alive twice, then not",
        Array(
          ("GET k HTTP/1.1\r\nConnection: Keep-Alive\r\n\r\nGET k=2\nconnection:keep-alive\n\n"
            + "GET k HTTP/1.0\r\n\r\n").utf8),
        Expected.value("k=1").inClassic().with("connection", "keep-alive"),
        Expected.replaced("k=1").inClassic().with("connection", "keep-alive"),
        Expected.value("k=2").inClassic(), then: .closed),
    ])
  }

  func testNoReplyIsLostToAReset() throws {
    let node = try Node.patient()
    let connection = try node.connect()
    connection.send("GET a\n\nmore that nobody asked for")
    XCTAssertTrue(try connection.readToEnd().hasSuffix("\r\n\r\na=NIL"))
    for _ in 0..<8 {
      XCTAssertTrue(connection.send([UInt8](repeating: 0x78, count: 1000)), "reset while it should discard")
      XCTAssertTrue(
        waitUntil(seconds: 20) { connection.unreadByServer() == 0 || connection.unreadByServer() == nil })
    }
    connection.finish()
    XCTAssertTrue(try connection.isAtEnd())
    XCTAssertTrue(
      waitUntil(seconds: 20) { connection.unreadByServer() == nil }, "the client's FIN ends the connection")
  }

  func testALingeringCloseEndsWithoutTheClient() throws {
    let node = try Node()
    let connection = try node.connect()
    connection.send("GET a\n\n")
    _ = try connection.readToEnd()
    XCTAssertTrue(
      waitUntil(seconds: 20) { connection.unreadByServer() == nil }, "let go after two seconds, not never")
  }

  func testAnySplitOfTheBytesGivesTheSameReply() throws {
    let node = try Node.patient()
    node.check([.classic("GET a b=c%20\n\n", .created("a b"))])
    for text in ["GET [a b] HTTP/1.1\r\nHost: x\r\n\r\n", "GET /a%20b HTTP/1.1\nA: b\r\n\n"] {
      let bytes = Array(text.utf8)
      let expected = text.contains("[") ? "[a b]=[c%20]" : "a b=c%20"
      for cut in 1..<bytes.count {
        let connection = try node.connect()
        connection.send(Array(bytes[..<cut]))
        connection.waitUntilRead()
        connection.send(Array(bytes[cut...]))
        let reply = try connection.reply()
        XCTAssertEqual(reply.body, expected, "cut at \(cut)")
        XCTAssertEqual(Expected.value(expected).inClassic().complaints(about: reply), [])
        XCTAssertTrue(try connection.isAtEnd())
      }
    }
  }
}
