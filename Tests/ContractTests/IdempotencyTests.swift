import XCTest

/// A keyed write happens once, however often it is sent.
final class IdempotencyTests: XCTestCase {
  func testARetryGetsTheFirstReply() throws {
    let node = try Node()
    let replayed = Expected.created("a").with("kv-replayed", "?1")
    let key = ["Idempotency-Key: one", "Content-Length: 1"]
    node.check([
      .standard("PUT /a", key, body: "1", .created("a")),
      .standard("GET /a=2", .replaced("a=1")),
      .standard("PUT /a", key, body: "1", replayed),
      .standard("PUT /a", ["Idempotency-Key: \"one\"", "Content-Length: 1"], body: "1", replayed),
      .standard("GET /a", .value("a=2")),
      .standard("GET /a=3", ["Idempotency-Key: two"], .replaced("a=2")),
      .standard("GET /a=3", ["Idempotency-Key: two"], Expected.replaced("a=2").with("kv-replayed", "?1")),
      .standard("DELETE /a", ["Idempotency-Key: three"], .removed("a=3")),
      .standard("DELETE /a", ["Idempotency-Key: three"], Expected.removed("a=3").with("kv-replayed", "?1")),
    ])
  }

  func testTheReplyIsTheFirstToTheLetter() throws {
    let node = try Node()
    let request = "GET /a=1 HTTP/1.1\r\nHost: x\r\nIdempotency-Key: k\r\n\r\n"
    let connection = try node.connect()
    connection.send(request)
    let first = try connection.reply()
    connection.send("GET /a=2 HTTP/1.1\r\nHost: x\r\n\r\n" + request)
    _ = try connection.reply()
    var again = try connection.reply()
    XCTAssertEqual(again.headers.removeValue(forKey: "kv-replayed"), "?1")
    again.headers["date"] = first["date"]
    XCTAssertEqual(again, first)
  }

  func testTheSameKeyWithAnotherWrite() throws {
    let conflict = Expected.error("422 Unprocessable Content")
    let key = ["Idempotency-Key: k"]
    try Node().check([
      .standard("GET /a=1", key, .created("a")),
      .standard("GET /a=2", key, conflict),
      .standard("GET /b=1", key, conflict),
      .standard("DELETE /a", key, conflict),
      .standard("GET /a", key, .value("a=1")),
      .standard("GET /b", .missing("b")),
    ])
  }

  func testClassicRequestsCarryKeysToo() throws {
    let request = "GET a=1\nIdempotency-Key: k\n\n"
    try Node().check([
      .classic(request, .created("a")), .classic(request, Expected.created("a").with("kv-replayed", "?1")),
      .classic("GET a=2\nIdempotency-Key: k\n\n", .error("422 Unprocessable Content")),
      .classic("GET a\n\n", .value("a=1")),
    ])
  }

  func testKeysHave64BytesAtMost() throws {
    let most = String(repeating: "k", count: 64)
    try Node().check([
      .standard("GET /a=1", ["Idempotency-Key: \(most)"], .created("a")),
      .standard(
        "GET /a=1", ["Idempotency-Key: \"\(most)\""], Expected.created("a").with("kv-replayed", "?1")),
      .standard("GET /a=2", ["Idempotency-Key: \(most)k"], .badRequest, then: .either),
      .standard("GET /a=2", ["Idempotency-Key:"], .badRequest, then: .either),
      .standard("GET /a", .value("a=1")),
    ])
  }

  func testAFailedConditionIsReplayedToo() throws {
    let node = try Node()
    let headers = ["If-Match: *", "Idempotency-Key: k"]
    node.check([
      .standard("GET /a=1", headers, .preconditionFailed),
      .standard("GET /a=0", .created("a")),
      .standard("GET /a=1", headers, Expected.preconditionFailed.with("kv-replayed", "?1")),
      .standard("GET /a", .value("a=0")),
    ])
  }

  func testAKeyThatWasForgottenIsRefusedNotExecuted() throws {
    // Values of the greatest size reach the table's 8 MiB long before its 100,000 outcomes.
    let node = try Node()
    let connection = try node.connect()
    let value = String(repeating: "😀", count: 2048)
    func write(_ time: Int, to key: String, _ value: String) throws -> Reply {
      connection.send(
        "PUT /\(key) HTTP/1.1\r\nHost: x\r\nIdempotency-Key: \(time)-r\r\n"
          + "Content-Length: \(value.utf8.count)\r\n\r\n\(value)")
      return try connection.reply()
    }
    let start = 1_700_000_000_000
    XCTAssertEqual(try write(start, to: "first", "1").body, "first=NIL")
    var time = start
    var probe = try write(start, to: "first", "1")
    while probe["kv-replayed"] == "?1", time < start + 100_001 {
      for _ in 0..<100 {
        time += 1
        _ = try write(time, to: "big", value)
      }
      probe = try write(start, to: "first", "1")
    }
    XCTAssertEqual(Expected.error("409 Conflict", headers: ["kv-time": "*"]).complaints(about: probe), [])
    let floor = try XCTUnwrap(probe["kv-time"].flatMap { Int($0) })
    XCTAssertTrue((start..<time).contains(floor), "\(floor)")
    let never = try write(floor, to: "never", "1")
    XCTAssertEqual(never.status, "409 Conflict", "at the floor, unknown or not: it has left")
    XCTAssertEqual(try write(start - 1, to: "never", "1").status, "409 Conflict")
    XCTAssertEqual(try node.get("/never").body, "never=NIL")
    XCTAssertEqual(try write(time + 1, to: "later", "1").body, "later=NIL")
    XCTAssertEqual(try write(time, to: "big", value)["kv-replayed"], "?1")
  }
}
