import Foundation
import HTTP
import KVStore
import XCTest

@testable import Frontend

final class AdminPathTests: FrontendTestCase {
  func testReadinessFollowsTheBackend() throws {
    try start()
    let client = try connect()
    client.send(get("-/ready"))
    run { client.codes == ["200"] }
    backend.report.isLinearizable = false
    backend.report.reason = "two of three servers are silent"
    client.send(get("-/ready") + get("-/healthy"))
    run { client.codes == ["200", "503", "200"] }
    XCTAssertEqual(client.bodies[1], "not ready: two of three servers are silent\n")
  }

  func testStatusIsJSONWithEveryField() throws {
    try start()
    backend.report.reason = "\"quoted\"\\\u{1}é"
    let traffic = ServerReport.Traffic(messages: 1, bytes: 2)
    backend.report.members = [.init(id: "a:1", incarnation: 3, weight: 1, isVoting: true)]
    backend.report.peers = [
      .init(
        id: "b:2", link: .connecting, isSuspected: true, acked: 4, lag: 5, sent: traffic, received: traffic)
    ]
    let client = try connect()
    client.send(get("-/status"))
    run { client.codes == ["200"] }
    XCTAssertTrue(client.heads[0].contains("Content-Type: application/json"))
    let json = try JSONSerialization.jsonObject(with: Data(client.bodies[0].utf8)) as? [String: Any]
    let names = """
      id version cluster epoch incarnation view role status linearizable reason primary op commit durable \
      lineage lossPossible members peers keys bytes counters
      """
    XCTAssertEqual(json?.keys.sorted(), names.split(separator: " ").map(String.init).sorted())
    XCTAssertEqual(json?["reason"] as? String, backend.report.reason)
    XCTAssertTrue(json?["primary"] is NSNull)
    let member = (json?["members"] as? [[String: Any]])?.first
    XCTAssertEqual(member?.keys.sorted(), ["id", "incarnation", "voting", "weight"])
    let peer = (json?["peers"] as? [[String: Any]])?.first
    XCTAssertEqual(peer?.keys.sorted(), ["acked", "id", "lag", "link", "received", "sent", "suspected"])
    XCTAssertEqual((peer?["sent"] as? [String: Int]), ["messages": 1, "bytes": 2])
  }

  func testMetricsCountWhatWasAnswered() throws {
    try startWithStore()
    let client = try connect()
    client.send(get("a=1") + get("a") + get("a") + "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    run { client.codes.count == 4 }
    client.send(get("-/metrics"))
    run { client.codes.count == 5 }
    let lines = client.bodies[4].split(separator: "\n").map(String.init)
    XCTAssertTrue(lines.contains("kv_requests_total{kind=\"read\",status=\"200\"} 2"))
    XCTAssertTrue(lines.contains("kv_requests_total{kind=\"write\",status=\"200\"} 1"))
    XCTAssertTrue(lines.contains("kv_requests_total{kind=\"other\",status=\"400\"} 1"))
    XCTAssertTrue(lines.contains("kv_store_keys 1"))
    XCTAssertTrue(lines.contains("kv_connections 1"))
    // Every family is told once, and nothing is told without its family.
    let families = lines.filter { $0.hasPrefix("# TYPE ") }.map { $0.split(separator: " ")[2] }
    XCTAssertEqual(families.count, Set(families).count)
    for line in lines where !line.hasPrefix("#") {
      XCTAssertTrue(families.contains { line.hasPrefix($0) }, line)
    }
  }

  func testOperatorsCommandsReachTheBackend() throws {
    try start()
    let client = try connect()
    client.send(post("recover", ""))
    client.send(post("recover", "without=a:1, b:2\n"))
    client.send(post("recover", "with=a:1"))
    client.send(post("acknowledge-loss", "") + get("-/recover"))
    run { client.codes.count == 5 }
    XCTAssertEqual(client.codes, ["400", "200", "400", "200", "405"])
    XCTAssertTrue(client.heads[4].contains("Allow: POST"))
    XCTAssertEqual(client.bodies[0], "whom?\n")
    XCTAssertEqual(client.bodies[1], "done\n")
    XCTAssertEqual(
      backend.commands, [.recover(without: []), .recover(without: ["a:1", "b:2"]), .acknowledgeLoss])
  }

  private func post(_ command: String, _ body: String) -> String {
    "POST /-/\(command) HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  func testADumpIsOneSnapshotInSlices() throws {
    try startWithStore()
    let client = try connect()
    let count = 3000
    let value = String(repeating: "v", count: 100)
    client.send((0..<count).map { get("k\(10_000 + $0)=\(value)") }.joined())
    run { client.text.hasSuffix("k\(10_000 + count - 1)=NIL") }
    let dumper = try connect()
    dumper.send(get("-/dump") + get("k10000"))
    run { dumper.text.contains("\r\n\r\n") }
    // Written while the dump is under way: not part of it.
    client.send(get("k00000=late"))
    run { client.text.hasSuffix("k00000=NIL") }
    run { dumper.text.hasSuffix("k10000=\(value)") }
    let expected = (0..<count).map { "k\(10_000 + $0)=\(value)\n" }.joined()
    let end = try XCTUnwrap(dumper.text.range(of: "0\r\n\r\n"))
    XCTAssertEqual(unchunked(String(dumper.text[..<end.upperBound])), expected)
    run { frontend.retired.isEmpty }
  }

  /// What a dump held is freed slice by slice, also where its client leaves in the middle.
  func testAnAbandonedDumpIsRetired() throws {
    try startWithStore()
    let client = try connect()
    let value = String(repeating: "v", count: 1000)
    client.send((0..<2000).map { get("k\($0)=\(value)") }.joined())
    run { client.replyCount == 2000 }
    let dumper = try connect()
    dumper.send(get("-/dump"))
    run { dumper.text.contains("\r\n\r\n") }
    dumper.stream.close()
    run { !frontend.retired.isEmpty }
    var turns = 0
    run {
      turns += 1
      return frontend.retired.isEmpty
    }
    XCTAssertGreaterThan(turns, 4, "freed in one turn")
    run { frontend.dumping.isEmpty }
  }

  private func unchunked(_ text: String) -> String {
    var rest = Array(text.utf8)[...]
    rest = rest.dropFirst(rest.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound ?? 0)
    var body: [UInt8] = []
    while let end = rest.firstRange(of: Array("\r\n".utf8)) {
      let size = Int(String(decoding: rest[..<end.lowerBound], as: UTF8.self), radix: 16) ?? 0
      if size == 0 { break }
      body += rest[end.upperBound..<end.upperBound + size]
      rest = rest[(end.upperBound + size + 2)...]
    }
    return String(decoding: body, as: UTF8.self)
  }
}
