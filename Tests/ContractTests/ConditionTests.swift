import XCTest

/// ETags and the conditions made of them.
final class ConditionTests: XCTestCase {
  private func tag(_ reply: Reply) throws -> String { try XCTUnwrap(reply["etag"]) }

  private func put(_ node: Node, _ key: String, _ value: String) throws -> Reply {
    let connection = try node.connect()
    connection.send(
      "PUT /\(key) HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: \(value.utf8.count)\r\n\r\n\(value)"
    )
    return try connection.reply()
  }

  func testTheTagIsTheLastWrites() throws {
    let node = try Node()
    let first = try put(node, "a", "1")
    let second = try put(node, "a", "1")
    let other = try put(node, "b", "1")
    XCTAssertEqual(second.writeCounter, first.writeCounter.map { $0 + 1 }, "every executed write counts")
    XCTAssertEqual(other.writeCounter, first.writeCounter.map { $0 + 2 })
    XCTAssertEqual(try tag(node.get("/a")), try tag(second))
    XCTAssertEqual(try tag(node.get("/b")), try tag(other))
    XCTAssertEqual(
      try tag(first).split(separator: "-").dropLast(), try tag(other).split(separator: "-").dropLast(),
      "lineage")
    XCTAssertNil(try node.get("/none")["etag"])
  }

  func testReads() throws {
    let node = try Node()
    let current = try tag(put(node, "a", "1"))
    let notModified = Expected(statuses: ["304 Not Modified"], body: .nothing, isTagged: true)
    node.check([
      .standard("GET /a", ["If-None-Match: \(current)"], notModified),
      .standard("GET /a", ["If-None-Match: W/\(current)"], notModified),
      .standard("GET /a", ["If-None-Match: \"other\", \(current)"], notModified),
      .standard("GET /a", ["if-none-match: *"], notModified),
      .standard("HEAD /a", ["If-None-Match: \(current)"], notModified),
      .standard("GET /a", ["If-None-Match: \"other-1\""], .value("a=1")),
      .standard("GET /none", ["If-None-Match: *"], .missing("none")),
    ])
    let stale = current
    _ = try put(node, "a", "2")
    node.check([.standard("GET /a", ["If-None-Match: \(stale)"], .value("a=2"))])
  }

  func testWrites() throws {
    let node = try Node()
    let first = try tag(put(node, "a", "1"))
    node.check([
      .standard("PUT /a", ["If-Match: \"x-1\"", "Content-Length: 1"], body: "2", .preconditionFailed),
      .standard("PUT /a", ["If-Match: W/\(first)", "Content-Length: 1"], body: "2", .preconditionFailed),
      .standard("PUT /a", ["If-None-Match: *", "Content-Length: 1"], body: "2", .preconditionFailed),
      .standard("PUT /a", ["If-None-Match: \(first)", "Content-Length: 1"], body: "2", .preconditionFailed),
      .standard("GET /a=2", ["If-Match: \"x-1\""], .preconditionFailed),
      .standard("DELETE /a", ["If-Match: \"x-1\""], .preconditionFailed),
      .standard("PUT /none", ["If-Match: *", "Content-Length: 1"], body: "2", .preconditionFailed),
      .standard("GET /none", .missing("none")),
      .standard("GET /a", .value("a=1")),
      .standard("PUT /a", ["If-Match: \(first)", "Content-Length: 1"], body: "2", .replaced("a=1")),
      .standard("PUT /a", ["If-Match: \(first)", "Content-Length: 1"], body: "3", .preconditionFailed),
      .standard("PUT /a", ["If-Match: *", "Content-Length: 1"], body: "3", .replaced("a=2")),
      .standard("PUT /a", ["If-None-Match: \(first)", "Content-Length: 1"], body: "4", .replaced("a=3")),
      .standard("PUT /new", ["If-None-Match: *", "Content-Length: 1"], body: "1", .created("new")),
      .standard("DELETE /new", ["If-Match: *"], .removed("new=1")),
      .standard("DELETE /new", ["If-Match: *"], .preconditionFailed),
    ])
  }

  func testAFailedConditionIsNoWrite() throws {
    let node = try Node()
    let before = try put(node, "a", "1").writeCounter
    node.check([.standard("GET /a=2", ["If-None-Match: *"], .preconditionFailed)])
    XCTAssertEqual(try put(node, "a", "3").writeCounter, before.map { $0 + 1 })
  }

  func testConsistencyCanBeAskedFor() throws {
    // One server proves its own state at once, so that a local answer need not be labelled.
    try Node().check([
      .standard("GET /a=1", ["KV-Consistency: linearizable"], .created("a")),
      .standard("GET /a", ["KV-Consistency: linearizable"], .value("a=1")),
      .standard("GET /a", ["kv-consistency: local"], .value("a=1")),
      .standard("GET /none", ["KV-Consistency: local"], .missing("none")),
      .standard("GET /a", .value("a=1")),
    ])
  }
}
