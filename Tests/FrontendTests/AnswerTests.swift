import HTTP
import KVStore
import XCTest

@testable import Frontend

final class AnswerTests: FrontendTestCase {
  func testALinearizableAnswerHasATagAndNoLabel() throws {
    try start()
    let client = try connect()
    client.send(get("a"))
    run { backend.asked.count == 1 }
    answer("a", "1")
    run { client.bodies.count == 1 }
    XCTAssertTrue(client.text.contains("ETag: \"5-9\"\r\n"))
    XCTAssertFalse(client.text.contains("KV-Consistency"))
  }

  func testALabelledAnswerHasItsAgeAndNoTag() throws {
    try start()
    let client = try connect()
    client.send(get("a") + get("b"))
    run { backend.asked.count == 2 }
    answer("a", "1", assurance: .degraded(age: 7))
    answer("b", "2", assurance: .local(age: 0))
    run { client.bodies.count == 2 }
    XCTAssertTrue(client.heads[0].contains("KV-Consistency: degraded\r\nAge: 7"))
    XCTAssertTrue(client.heads[1].contains("KV-Consistency: local\r\nAge: 0"))
    XCTAssertFalse(client.text.contains("ETag"))
    client.send(get("c=1"))
    run { backend.asked.count == 3 }
    answerWrite("c=1", assurance: .degraded(age: 1))
    run { client.bodies.count == 3 }
    XCTAssertTrue(client.heads[2].contains("KV-Consistency: degraded"))
    XCTAssertFalse(client.text.contains("ETag"))
  }

  func testEveryWayToGiveNoAnswer() throws {
    try start()
    let client = try connect()
    let expected: [(Unanswered, String, Bool)] = [
      (.noQuorum, "503", true), (.stopping, "503", true), (.overloaded, "429", true),
      (.unknown, "504", false),
      (.fault, "500", false),
    ]
    XCTAssertEqual(expected.count, Unanswered.allCases.count)
    for (index, (unanswered, code, mayRetry)) in expected.enumerated() {
      client.send(get("k=\(index)"))
      run { backend.asked.count == index + 1 }
      frontend.refuse(backend.ticket("k=\(index)"), unanswered)
      run { client.codes.count == index + 1 }
      XCTAssertEqual(client.codes[index], code)
      XCTAssertEqual(client.heads[index].contains("Retry-After: 1"), mayRetry)
    }
  }

  func testDemandsAndConditionsReachTheBackend() throws {
    try start()
    let client = try connect()
    client.send(
      get("a", "KV-Consistency: local\r\n") + get("b", "KV-Consistency: linearizable\r\n") + get("c"))
    run { backend.asked.count == 3 }
    XCTAssertEqual(backend.asked.map(\.demand), [.local, .linearizable, .unspecified])
    let writer = try connect()
    writer.send(get("a=1", "If-Match: \"1-2\"\r\n") + get("a=2"))
    run { backend.asked.count == 5 }
    XCTAssertEqual(backend.asked.suffix(2).map(\.isConditional), [true, false])
  }

  func testStrictDemandsLinearizability() throws {
    var options = FrontendOptions()
    options.isStrict = true
    try start(options)
    let client = try connect()
    client.send(get("a", "KV-Consistency: local\r\n") + get("b"))
    run { backend.asked.count == 2 }
    XCTAssertEqual(backend.asked.map(\.demand), [.local, .linearizable])
  }

  func testAReadWithATagThatIsCurrent() throws {
    try start()
    let client = try connect()
    let tags = ["\"5-9\"", "W/\"5-9\"", "*", "\"5-8\", \"x\"", "\"1-1\", \"5-9\""]
    for (index, tag) in tags.enumerated() {
      client.send(get("a", "If-None-Match: \(tag)\r\n"))
      run { backend.asked.count == index + 1 }
      answer("a", "1")
      run { client.codes.count == index + 1 }
    }
    XCTAssertEqual(client.codes, ["304", "304", "304", "200", "304"])
    client.send(get("a", "If-None-Match: *\r\n"))
    run { backend.asked.count == tags.count + 1 }
    answer("a", nil)
    run { client.codes.count == tags.count + 1 }
    XCTAssertEqual(client.bodies.last, "a=NIL")
  }

  func testTooManyWaitingAreRefused() throws {
    var options = FrontendOptions()
    options.waitingMax = 2
    try start(options)
    let client = try connect()
    let other = try connect()
    client.send(get("a") + get("b"))
    run { backend.asked.count == 2 }
    other.send(get("c"))
    run { other.codes == ["429"] }
    XCTAssertTrue(other.text.contains("Retry-After: 1"))
    answer("a", "1")
    other.send(get("d"))
    run { backend.whats == ["a", "b", "d"] }
  }

  func testAClientThatDoesNotReadIsNotReadFrom() throws {
    try startWithStore()
    let client = try connect()
    let value = String(repeating: "v", count: 2048)
    client.send(get("k=\(value)"))
    run { client.bodies.count == 1 }
    client.stream.pauseReading()
    let count = 8_000
    client.send((0..<count).map { _ in get("k") }.joined())
    let connection = try XCTUnwrap(frontend.connections.compactMap { $0 }.first)
    run { connection.stream.pendingWriteBytes > 0 && !connection.isReading }
    for _ in 0..<50 { loop.poll() }
    let bound = FrontendOptions.outputMax + FrontendOptions.pipelineMax * 2400
    XCTAssertLessThan(connection.stream.pendingWriteBytes, bound)
    XCTAssertLessThan(connection.leftover.count, 2 * 64 * 1024)
    client.stream.startReading()
    run { client.replyCount == count + 1 }
  }
}
