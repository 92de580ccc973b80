import Foundation
import Support
import XCTest

/// The paths under `/-/`.
final class AdminTests: XCTestCase {
  func testHealthAndReadiness() throws {
    let node = try Node()
    XCTAssertEqual(try node.get("/-/healthy").status, "200 OK")
    XCTAssertEqual(try node.get("/-/ready").status, "200 OK")
  }

  func testOtherPaths() throws {
    try Node().check([
      .standard("GET /-/", .error("404 Not Found")),
      .standard("GET /-/nothing", .error("404 Not Found")),
      .standard("GET /-/nothing=1", .error("404 Not Found")),
      .standard("GET /-/peer", .error("426 Upgrade Required", headers: ["upgrade": "*"]), then: .either),
      .standard(
        "GET /-/peer", ["Upgrade: websocket", "Connection: upgrade"],
        .error("426 Upgrade Required", headers: ["upgrade": "*"]), then: .either),
      .standard("GET /-", .missing("-")),
      .standard("GET /-%2Fhealthy=1", .created("-/healthy")),
      .classic("GET -/healthy\n\n", .value("-/healthy=1")),
    ])
  }

  func testAdminPathsAnswerTheClassicDialectToo() throws {
    let connection = try Node().connect()
    connection.send("GET /-/healthy\n\n")
    XCTAssertEqual(try connection.reply().status, "200 OK")
    XCTAssertTrue(try connection.isAtEnd())
  }

  func testTheDumpIsSortedByBytes() throws {
    let node = try Node()
    XCTAssertEqual(try node.get("/-/dump").body, "")
    let keys = ["b", "a", "é", "a b", "B", "aa", "😀", "z", "~"]
    for key in keys {
      let connection = try node.connect()
      connection.send("GET \(key)=value of \(key)\n\n")
      _ = try connection.readToEnd()
    }
    let sorted = keys.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
    XCTAssertEqual(try node.get("/-/dump").body, sorted.map { "\($0)=value of \($0)\n" }.joined())
  }

  func testADumpLargerThanAnySocketBuffer() throws {
    let node = try Node()
    let connection = try node.connect()
    let value = String(repeating: "v", count: 2048)
    for first in stride(from: 0, to: 3000, by: 100) {
      for number in first..<first + 100 {
        connection.send("PUT /\(number) HTTP/1.1\r\nHost: x\r\nContent-Length: 2048\r\n\r\n\(value)")
      }
      for _ in 0..<100 { _ = try connection.reply() }
    }
    let lines = try node.get("/-/dump").body.split(separator: "\n")
    XCTAssertEqual(lines.count, 3000)
    XCTAssertEqual(lines.first.map(String.init), "0=\(value)")
    XCTAssertEqual(lines.last.map(String.init), "999=\(value)")
  }

  func testStatus() throws {
    let node = try Node()
    _ = try node.get("/a=b")
    let reply = try node.get("/-/status")
    XCTAssertEqual(reply["content-type"], "application/json")
    let object = try XCTUnwrap(
      JSONSerialization.jsonObject(with: Data(reply.body.utf8)) as? [String: Any])
    let fields = [
      "id", "version", "cluster", "epoch", "incarnation", "view", "role", "status", "linearizable", "reason",
      "primary", "op", "commit", "durable", "lineage", "lossPossible", "members", "peers", "keys", "bytes",
      "counters",
    ]
    XCTAssertEqual(object.keys.sorted(), fields.sorted())
    let own = "127.0.0.1:\(node.port)"
    XCTAssertEqual(object["id"] as? String, own)
    XCTAssertEqual(object["primary"] as? String, own)
    XCTAssertEqual(object["role"] as? String, "primary")
    XCTAssertEqual(object["status"] as? String, "normal")
    XCTAssertEqual(object["linearizable"] as? Bool, true)
    XCTAssertEqual(object["lossPossible"] as? Bool, false)
    XCTAssertEqual(object["keys"] as? Int, 1)
    XCTAssertEqual((object["peers"] as? [Any])?.count, 0)
    let members = try XCTUnwrap(object["members"] as? [[String: Any]])
    XCTAssertEqual(members.count, 1)
    XCTAssertEqual(members.first?.keys.sorted(), ["id", "incarnation", "voting", "weight"])
    XCTAssertEqual(members.first?["id"] as? String, own)
    XCTAssertEqual(members.first?["voting"] as? Bool, true)
    XCTAssertNotNil(object["counters"] as? [String: Any])
  }

  func testTheLineageIsTheTags() throws {
    let node = try Node()
    let tag = try XCTUnwrap(try node.get("/a=b")["etag"])
    let status =
      try JSONSerialization.jsonObject(with: Data(node.get("/-/status").body.utf8)) as? [String: Any]
    let lineage = try XCTUnwrap(status?["lineage"])
    XCTAssertTrue(tag.hasPrefix("\"\(lineage)-"), "\(tag) \(lineage)")
  }

  func testMetrics() throws {
    let node = try Node()
    _ = try node.get("/a=b")
    let reply = try node.get("/-/metrics")
    XCTAssertEqual(reply["content-type"]?.hasPrefix("text/plain"), true)
    let names = reply.body.split(separator: "\n").filter { !$0.hasPrefix("#") }
    XCTAssertFalse(names.isEmpty)
    for line in names { XCTAssertTrue(line.hasPrefix("kv_"), String(line)) }
    XCTAssertTrue(reply.body.hasSuffix("\n"))
  }

  func testMetricsPleasePrometheus() throws {
    let tool = [Child.products + "/../../tools/promtool", "/usr/bin/promtool", "/usr/local/bin/promtool"]
      .first { FileManager.default.isExecutableFile(atPath: $0) }
    guard let tool else { throw XCTSkip("no promtool: `make deps` unpacks it from Debian's prometheus") }
    let node = try Node()
    for path in ["/a=b", "/a", "/%zz", "/-/nothing"] { _ = try node.get(path) }
    try node.directory.write(node.get("/-/metrics").body, to: "metrics")
    let child = try Child(
      tool, ["check", "metrics"], in: node.directory, name: "promtool",
      stdin: node.directory.path + "/metrics")
    XCTAssertEqual(try child.waitForExit(), 0, child.stdout + child.stderr)
    XCTAssertEqual(child.stdout + child.stderr, "")
  }

  func testRecoveryPathsAreNotForReading() throws {
    try Node().check([
      .standard("GET /-/recover", .notAllowed, then: .either),
      .standard("GET /-/acknowledge-loss", .notAllowed, then: .either),
      .standard("PUT /-/healthy", ["Content-Length: 0"], .notAllowed, then: .either),
    ])
  }
}
