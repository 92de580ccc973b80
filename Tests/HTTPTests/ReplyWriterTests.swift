import HTTP
import XCTest

final class ReplyWriterTests: XCTestCase {
  private let writer = ReplyWriter(server: "quorate", seconds: 784_111_777)
  private let classic = ReplyForm(dialect: .classic, isHTTP11: false, keepsAlive: false)
  private let standard = ReplyForm(dialect: .standard, isHTTP11: true, keepsAlive: true)
  private let start = "Server: quorate\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nCache-Control: no-store\r\n"
  private let plain = "Content-Type: text/plain; charset=utf-8\r\n"

  func testClassicValue() {
    XCTAssertEqual(
      pair(Reply(form: classic), "color", "blue"),
      "HTTP/1.0 200 OK\r\nServer: quorate\r\nContent-Length: 10\r\nContent-Type: text/plain\r\n\r\ncolor=blue"
    )
  }

  func testClassicKeptInBrackets() {
    var form = classic
    form.keepsAlive = true
    form.isBracketed = true
    var reply = Reply(form: form)
    // The classic dialect has no tags.
    reply.tag = EntityTag(lineage: 1, number: 2)
    let head = "HTTP/1.0 200 OK\r\nServer: quorate\r\nContent-Length: "
    let rest = "\r\nContent-Type: text/plain\r\nConnection: keep-alive\r\n"
    XCTAssertEqual(pair(reply, "color", "red"), head + "13" + rest + "\r\n[color]=[red]")
    XCTAssertEqual(pair(reply, "color", nil), head + "11" + rest + "KV-Present: ?0\r\n\r\n[color]=NIL")
    XCTAssertEqual(pair(reply, "color", ""), head + "10" + rest + "\r\n[color]=[]")
  }

  func testStandardValue() {
    XCTAssertEqual(
      pair(Reply(form: standard), "k", "v"),
      "HTTP/1.1 200 OK\r\n" + start + plain + "Content-Length: 3\r\n\r\nk=v")
  }

  func testStandardFields() {
    var reply = Reply(form: standard)
    reply.tag = EntityTag(lineage: .max, number: 0)
    reply.assurance = .degraded(age: 7)
    reply.isReplayed = true
    reply.floor = 1_699_999_999_999
    reply.retryAfter = 1
    reply.allow = .keys
    reply.form.keepsAlive = false
    XCTAssertEqual(
      pair(reply, "k", nil),
      "HTTP/1.1 200 OK\r\n" + start + plain + "Content-Length: 5\r\nETag: \"18446744073709551615-0\"\r\n"
        + "Connection: close\r\nKV-Consistency: degraded\r\nAge: 7\r\nKV-Replayed: ?1\r\nKV-Time: 1699999999999\r\n"
        + "Retry-After: 1\r\nAllow: GET, HEAD, PUT, DELETE, OPTIONS\r\nKV-Present: ?0\r\n\r\nk=NIL")
  }

  func testHTTP10SaysWhatBecomesOfTheConnection() {
    var form = ReplyForm(dialect: .standard, isHTTP11: false, keepsAlive: true)
    XCTAssertTrue(pair(Reply(form: form), "k", "v").contains("\r\nConnection: keep-alive\r\n"))
    form.keepsAlive = false
    XCTAssertTrue(pair(Reply(form: form), "k", "v").hasPrefix("HTTP/1.0 200 OK\r\n"))
    XCTAssertTrue(pair(Reply(form: form), "k", "v").contains("\r\nConnection: close\r\n"))
  }

  func testHeadHasLengthButNoBody() {
    var form = standard
    form.isHead = true
    XCTAssertTrue(pair(Reply(form: form), "k", "v").hasSuffix("Content-Length: 3\r\n\r\n"))
    XCTAssertTrue(line(Reply(.notFound, form: form), "no").hasSuffix("\r\n\r\n"))
  }

  func testBodilessStatus() {
    var reply = Reply(.notModified, form: standard)
    reply.tag = EntityTag(lineage: 1, number: 2)
    XCTAssertEqual(pair(reply, "k", "v"), "HTTP/1.1 304 Not Modified\r\n" + start + "ETag: \"1-2\"\r\n\r\n")
    XCTAssertEqual(
      line(Reply(.noContent, form: standard), ""), "HTTP/1.1 204 No Content\r\n" + start + "\r\n")
  }

  func testTheLineageThatIsSetChangesNoTag() {
    var writer = ReplyWriter()
    for set in [0, 7, .max, 1] as [UInt64] {
      writer.setLineage(set)
      for lineage in [0, 1, 7, .max] as [UInt64] {
        var reply = Reply(form: standard)
        reply.tag = EntityTag(lineage: lineage, number: 3)
        var output: [UInt8] = []
        writer.put(reply, line: "x", into: &output)
        let text = String(decoding: output, as: UTF8.self)
        XCTAssertTrue(text.contains("\r\nETag: \"\(lineage)-3\"\r\n\r\n"), text)
      }
    }
  }

  func testRefusals() {
    let refusal = Refusal(.methodNotAllowed, "why", form: standard, allow: .get)
    var output: [UInt8] = []
    writer.put(refusal, into: &output)
    XCTAssertEqual(
      String(decoding: output, as: UTF8.self),
      "HTTP/1.1 405 Method Not Allowed\r\n" + start + "Content-Length: 4\r\n" + plain
        + "Allow: GET\r\n\r\nwhy\n")
    XCTAssertEqual(
      line(Reply(.badRequest, form: classic), "why"),
      "HTTP/1.0 400 Bad Request\r\nServer: quorate\r\nContent-Length: 4\r\nContent-Type: text/plain\r\n\r\nwhy\n"
    )
    XCTAssertTrue(line(Reply(.upgradeRequired, form: standard), "x").contains("\r\nUpgrade: quorate/1\r\n"))
  }

  func testOtherBodies() {
    var reply = Reply(form: standard)
    reply.contentType = .json
    var output: [UInt8] = []
    Array("{}".utf8).withUnsafeBytes { writer.put(reply, body: $0, into: &output) }
    XCTAssertEqual(
      String(decoding: output, as: UTF8.self),
      "HTTP/1.1 200 OK\r\n" + start + "Content-Length: 2\r\nContent-Type: application/json\r\n\r\n{}")
  }

  /// What is written, the client's parser reads.
  func testEveryStatusIsReadBack() {
    for status in Status.allCases {
      for form in [classic, standard] {
        var reply = Reply(status, form: form)
        reply.assurance = .local(age: 3)
        reply.isReplayed = true
        let output = Array(pair(reply, "key", nil).utf8)
        let transcript = Transcript.responses(Pieces.bytewise(output))
        let body = status.isBodiless ? "" : "key=NIL"
        let sign = form.keepsAlive ? "+" : "-"
        XCTAssertEqual(
          transcript.lines, ["\(status.rawValue) \(sign) <\(body)> absent local(age: 3) replayed"])
      }
    }
  }

  func testDates() {
    let dates: [(UInt64, String)] = [
      (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
      (951_868_799, "Tue, 29 Feb 2000 23:59:59 GMT"), (951_868_800, "Wed, 01 Mar 2000 00:00:00 GMT"),
      (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"), (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
      (1_798_761_599, "Thu, 31 Dec 2026 23:59:59 GMT"), (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
    ]
    var writer = ReplyWriter()
    for (seconds, text) in dates {
      writer.setClock(seconds: seconds)
      var output: [UInt8] = []
      writer.put(Reply(form: standard), line: "x", into: &output)
      XCTAssertTrue(String(decoding: output, as: UTF8.self).contains("\r\nDate: \(text)\r\n"), text)
    }
  }

  private func pair(_ reply: Reply, _ key: String, _ value: String?) -> String {
    var output: [UInt8] = []
    Array(key.utf8).withUnsafeBytes { key in
      if let value {
        Array(value.utf8).withUnsafeBytes { writer.put(reply, key: key, value: $0, into: &output) }
      } else {
        writer.put(reply, key: key, value: nil, into: &output)
      }
    }
    return String(decoding: output, as: UTF8.self)
  }

  private func line(_ reply: Reply, _ text: StaticString) -> String {
    var output: [UInt8] = []
    writer.put(reply, line: text, into: &output)
    return String(decoding: output, as: UTF8.self)
  }
}
