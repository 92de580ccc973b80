import XCTest

/// Every limit on both of its sides, in both dialects, counted in characters, not bytes.
final class LimitTests: XCTestCase {
  private func times(_ count: Int, _ text: String) -> String { String(repeating: text, count: count) }

  func testKeysCountCharacters() throws {
    let node = try Node()
    for scalar in ["k", "é", "€", "😀"] {
      let whole = times(128, scalar)
      node.check([
        .classic("GET \(whole)=v\n\n", .created(whole)),
        .classic("GET [\(whole)]\n\n", .value("[\(whole)]=[v]")),
        .classic("GET \(whole)\(scalar)\n\n", .badRequest),
        .standard("GET /\(percent(whole))", .value("\(whole)=v")),
        .standard("GET /\(percent(whole + scalar))", .badRequest, then: .either),
      ])
    }
  }

  func testValuesCountCharacters() throws {
    let node = try Node()
    for (name, scalar) in [("1", "v"), ("2", "é"), ("3", "€"), ("4", "😀")] {
      let whole = times(2048, scalar)
      node.check([
        .classic("GET \(name)=\(whole)\n\n", .created(name)),
        .standard("GET /\(name)=\(percent(whole))", .replaced("\(name)=\(whole)")),
        .standard(
          "PUT /\(name)", ["Content-Length: \(whole.utf8.count)"], body: whole,
          .replaced("\(name)=\(whole)")),
        .classic("GET \(name)=\(whole)\(scalar)\n\n", .badRequest),
        .standard("GET /\(name)=\(percent(whole + scalar))", .badRequest, then: .either),
      ])
    }
    node.check([
      .standard("PUT /1", ["Content-Length: 2049"], body: times(2049, "v"), .badRequest, then: .either),
      .standard("GET /1", .value("1=\(times(2048, "v"))")),
    ])
  }

  func testCombiningCharactersCountEach() throws {
    // One grapheme of two scalars is two characters.
    let key = times(64, "e\u{301}")
    try Node().check([
      .classic("GET \(key)\n\n", .missing(key)), .classic("GET \(key)e\n\n", .badRequest),
    ])
  }

  func testTargetsOver32KiB() throws {
    let most = "/" + times(32767, "a")
    let tooLong = Expected.error("414 URI Too Long")
    try Node().check([
      .standard("GET \(most)", .badRequest, then: .either),
      .standard("GET \(most)a", tooLong, then: .closed),
      Row(
        "a target without an end", Array(("GET " + most + times(4000, "a")).utf8),
        tooLong.inEitherVersion(), then: .closed),
      .classic("GET \(times(32768, "a"))\n\n", .badRequest),
      .classic("GET \(times(32769, "a"))\n\n", tooLong),
    ])
  }

  func testBodiesOver8KiB() throws {
    let tooLong = Expected.error("413 Content Too Large")
    let most = times(2048, "😀")
    try Node().check([
      .standard(
        "PUT /b", ["Transfer-Encoding: chunked"], body: "2000\r\n\(most)\r\n0\r\n\r\n", .created("b")),
      .standard("PUT /b", ["Content-Length: 8192"], body: most, .replaced("b=\(most)")),
      .standard("PUT /b", ["Content-Length: 8193"], body: most + "a", tooLong, then: .closed),
      .standard(
        "PUT /b", ["Transfer-Encoding: chunked"], body: "2001\r\n\(most)a\r\n0\r\n\r\n", tooLong,
        then: .closed),
      .standard(
        "PUT /b", ["Transfer-Encoding: chunked"], body: "2000\r\n\(most)\r\n1\r\na\r\n0\r\n\r\n", tooLong,
        then: .closed),
      .standard("PUT /b", ["Content-Length: 1000000000"], tooLong, then: .closed),
      .standard("GET /b", .value("b=\(most)")),
    ])
  }

  func testHeadsOver40KiB() throws {
    let tooLarge = Expected.error("431 Request Header Fields Too Large")
    try Node().check([
      .standard("GET /a", ["X: \(times(39_000, "x"))"], .missing("a")),
      .standard("GET /a", ["X: \(times(40_960, "x"))"], tooLarge, then: .closed),
      .standard("GET /a", [times(700, "X-Header: \(times(50, "x"))\r\n") + "X: y"], tooLarge, then: .closed),
      Row(
        "a head without an end", Array(("GET /a HTTP/1.1\r\nHost: x\r\nX: " + times(41_000, "x")).utf8),
        tooLarge,
        then: .closed),
      .classic("GET a\nX: \(times(39_000, "x"))\n\n", .missing("a")),
      .classic("GET a\nX: \(times(40_960, "x"))\n\n", tooLarge),
    ])
  }

  private func percent(_ text: String) -> String {
    text.utf8.map { byte in
      let digits = String(byte, radix: 16, uppercase: true)
      return "%" + (digits.count == 1 ? "0" : "") + digits
    }.joined()
  }
}
