import UV
import XCTest

@testable import Drill

/// Too few servers for a quorum: whoever is left answers, labelled; and what it was told ends as it must.
final class BelowQuorumTrials: TrialCase {
  private func put(_ key: String, _ value: String, at server: Int) -> Question.Reply? {
    let (key, value) = (Array(key.utf8), Array(value.utf8))
    return key.withUnsafeBytes { key in
      value.withUnsafeBytes { value in
        cluster.ask([server], keyLength: key.count) { $0.putWrite(key: key, value: value, into: &$1) }.first?
          .reply
      }
    }
  }

  private func read(_ key: String, at server: Int) -> Question.Reply? {
    let key = Array(key.utf8)
    return key.withUnsafeBytes { key in
      cluster.ask([server], keyLength: key.count) { $0.putRead(key: key, into: &$1) }.first?.reply
    }
  }

  private func conflicts(at server: Int) -> String {
    cluster.admin("/-/conflicts", [server])[0]?.text ?? "none"
  }

  /// Three of four at the same moment: the light one that is left keeps what it is told, also through a crash of its
  /// own, and what it answers is the newest; nothing of it is lost when the others are back.
  func testTheLastOfFourAnswersAndForgetsNothing() throws {
    try startCluster(4, .durable)
    XCTAssertEqual(put("color", "red", at: 0)?.status, 200)
    let last = try XCTUnwrap(cluster.all.first { try $0 != cluster.heavy() && $0 != cluster.primary() })
    try cluster.wait("it knows the value") { read("color", at: last)?.text == "color=red" }
    for server in cluster.all where server != last { cluster.kill(server) }
    try cluster.wait("a labelled answer") { read("color", at: last)?.isLabelled == true }
    XCTAssertEqual(read("color", at: last)?.text, "color=red")
    for value in ["green", "blue"] {
      let reply = try XCTUnwrap(put("color", value, at: last))
      XCTAssertTrue(reply.status == 200 && reply.isLabelled, reply.text)
      XCTAssertEqual(read("color", at: last)?.text, "color=\(value)")
    }
    cluster.kill(last)
    try cluster.start(last)
    try cluster.wait("it answers again") { read("color", at: last)?.status == 200 }
    XCTAssertEqual(read("color", at: last)?.text, "color=blue")
    for server in cluster.all where server != last { try cluster.start(server) }
    try cluster.waitUntilWell()
    try cluster.wait("what was kept is there, unlabelled") {
      cluster.all.allSatisfy { server in
        let reply = read("color", at: server)
        return reply?.text == "color=blue" && reply?.isLabelled == false
      }
    }
    for server in cluster.all {
      XCTAssertTrue(conflicts(at: server).contains("\"recorded\":0"), conflicts(at: server))
    }
  }

  /// Two and two: the heavy side goes on, and its word stays where both sides wrote the same key.
  func testBothSidesOfASplitWriteAndTheQuorumsWordStays() throws {
    try startCluster(4, .durable, on: .namespaces)
    XCTAssertEqual(put("color", "red", at: 0)?.status, 200)
    let heavy = try cluster.heavy()
    let side = [heavy, (heavy + 1) % 4]
    let rest = cluster.all.filter { !side.contains($0) }
    for server in rest { try cluster.wait("it knows") { read("color", at: server)?.text == "color=red" } }
    for one in side { for other in rest { try network.cut(one, other) } }
    try cluster.wait("labelled answers") { rest.allSatisfy { read("color", at: $0)?.isLabelled == true } }
    XCTAssertEqual(put("color", "green", at: rest[0])?.isLabelled, true)
    XCTAssertEqual(put("shape", "round", at: rest[1])?.isLabelled, true)
    // The two act as one.
    XCTAssertEqual(read("color", at: rest[1])?.text, "color=green")
    XCTAssertEqual(read("shape", at: rest[0])?.text, "shape=round")
    try cluster.wait("the heavy side goes on") {
      let reply = put("color", "blue", at: side[1])
      return reply?.status == 200 && reply?.isLabelled == false
    }
    try network.heal()
    try cluster.waitUntilWell()
    try cluster.wait("all agree") {
      cluster.all.allSatisfy { read("shape", at: $0)?.text == "shape=round" }
    }
    for server in cluster.all {
      XCTAssertEqual(read("color", at: server)?.text, "color=blue")
      let listed = conflicts(at: server)
      XCTAssertTrue(listed.contains("\"recorded\":1"), listed)
      XCTAssertTrue(listed.contains("\"lost\":\"green\",\"kept\":\"blue\""), listed)
    }
    XCTAssertEqual(cluster.compareDumps(), [])
  }

  /// One is cut off and goes on taking writes, to keys that the others write too and to keys that they do not. Healed,
  /// each key's last labelled write is there or listed as a conflict, and all servers are equal.
  func testEveryLabelledWriteIsAccountedFor() throws {
    try startCluster(4, .durable, on: .namespaces)
    let keys = (0..<12).map { "k\($0)" }
    for key in keys { XCTAssertEqual(put(key, "before", at: 0)?.status, 200) }
    let alone = try XCTUnwrap(cluster.all.first { try $0 != cluster.heavy() && $0 != cluster.primary() })
    let others = cluster.all.filter { $0 != alone }
    for key in keys { try cluster.wait("it knows \(key)") { read(key, at: alone)?.text == "\(key)=before" } }
    try network.isolate(alone)
    try cluster.wait("labelled answers") { read("k0", at: alone)?.isLabelled == true }
    var kept: [String: String] = [:]
    var decided: [String: String] = [:]
    for round in 0..<5 {
      for (index, key) in keys.enumerated() {
        let value = "alone\(round).\(index)"
        let reply = try XCTUnwrap(put(key, value, at: alone))
        XCTAssertTrue(reply.status == 200 && reply.isLabelled, reply.text)
        kept[key] = value
        guard index % 2 == 0 else { continue }
        let other = "quorum\(round).\(index)"
        try cluster.wait("the others take \(key)") {
          let reply = put(key, other, at: others[index % 3])
          return reply?.status == 200 && reply?.isLabelled == false
        }
        decided[key] = other
      }
    }
    try network.heal()
    let start = Clock.nanoseconds
    try cluster.wait("what was kept has ended") {
      keys.allSatisfy { key in
        cluster.all.allSatisfy { server in
          let reply = read(key, at: server)
          return reply?.isLabelled == false && reply?.text == "\(key)=\(decided[key] ?? kept[key]!)"
        }
      }
    }
    say("all equal, and all ended, after", (Clock.nanoseconds - start) / 1_000_000)
    try cluster.waitUntilWell()
    let listed = conflicts(at: alone)
    for key in decided.keys {
      let count = listed.components(separatedBy: "\"key\":\"\(key)\",\"lost\":\"\(kept[key]!)\"").count - 1
      XCTAssertEqual(count, 1, "\(key) in \(listed)")
    }
    XCTAssertTrue(listed.contains("\"recorded\":\(decided.count),"), listed)
    XCTAssertEqual(Set(cluster.all.map(conflicts)).count, 1)
    XCTAssertEqual(cluster.compareDumps(), [])
  }

  /// A chain of four: the ends reach no quorum, and one server that does. All answers are linearizable, for all keys.
  func testTheEndsOfAChainRelay() throws {
    try startCluster(4, .memory, on: .namespaces)
    let heavy = try cluster.heavy()
    let chain = [(heavy + 1) % 4, heavy, (heavy + 2) % 4, (heavy + 3) % 4]
    try network.cut(chain[0], chain[2])
    try network.cut(chain[0], chain[3])
    try network.cut(chain[1], chain[3])
    for (round, server) in chain.enumerated() {
      try cluster.wait("a linearizable write at \(server)") {
        let reply = put("color", "c\(round)", at: server)
        return reply?.status == 200 && reply?.isLabelled == false
      }
      for other in chain {
        try cluster.wait("server \(other) shows it") {
          let reply = read("color", at: other)
          return reply?.status == 200 && reply?.isLabelled == false && reply?.text == "color=c\(round)"
        }
      }
    }
    try network.heal()
    try cluster.waitUntilWell()
  }

  /// Splits and deaths under load, with clients everywhere: every unlabelled answer is linearizable, and the labelled
  /// writes take effect once, later, or never.
  func testSplitsUnderLoad() throws {
    try startCluster(4, .durable, on: .namespaces)
    let workload = try startWorkload()
    let groupings: [[[Int]]] = [
      [[0, 1], [2, 3]], [[0], [1, 2, 3]], [[0], [1], [2, 3]], [[3], [0, 1, 2]],
    ]
    for groups in groupings {
      for (index, group) in groups.enumerated() {
        for other in groups[(index + 1)...].flatMap({ $0 }) {
          for one in group { try network.cut(one, other) }
        }
      }
      let before = workload.recorder.counts.labelled
      try cluster.wait("labelled answers") { workload.recorder.counts.labelled > before + 20 }
      try network.heal()
      try say("all vote again after", cluster.waitUntilWell())
      try workload.waitForProgress(at: cluster.all)
    }
    for server in cluster.all.dropLast() { cluster.kill(server) }
    let before = workload.recorder.counts.labelled
    try cluster.wait("labelled answers of the last") { workload.recorder.counts.labelled > before + 20 }
    for server in cluster.all.dropLast() { try cluster.start(server) }
    try say("all vote again after", cluster.waitUntilWell())
    try workload.waitForProgress(at: cluster.all)
    try conclude()
    XCTAssertEqual(Set(cluster.all.map(conflicts)).count, 1, "all list the same conflicts")
  }
}
