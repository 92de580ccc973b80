import XCTest

@testable import Client

/// Degraded and local answers.
final class ErrandConsistencyTests: XCTestCase {
  func testADegradedAnswerHasAllOthersAsked() {
    var script = ErrandScript(.read, hosts: 4)
    script.startSent()
    XCTAssertEqual(
      script.on(.answered(host: 0, .degraded(age: 3))), ["ask 1", "ask 2", "ask 3"])
    for host in 1...3 { script.on(.sent(host: host)) }
    XCTAssertEqual(script.on(.answered(host: 2, .ok)), ["abandon 1", "abandon 3", "done"])
  }

  func testADegradedAnswerIsGivenAfterHalfASecond() {
    var script = ErrandScript(.read, hosts: 2)
    script.startSent()
    XCTAssertEqual(script.on(.answered(host: 0, .degraded(age: 3)), after: 50), ["ask 1"])
    script.on(.sent(host: 1))
    let slept = script.sleep()
    XCTAssertEqual(slept.milliseconds, 500)
    XCTAssertEqual(slept.actions, ["abandon 1", "done degraded"])
  }

  func testADegradedAnswerDoesNotWaitPastTheDeadline() {
    var script = ErrandScript(.read, hosts: 2, timeout: 300)
    script.startSent()
    script.on(.answered(host: 0, .degraded(age: 3)))
    let slept = script.sleep()
    XCTAssertEqual(slept.milliseconds, 300)
    XCTAssertEqual(slept.actions.last, "done degraded")
  }

  func testNothingIsAwaitedWhenNoHostIsLeft() {
    var script = ErrandScript(.read, hosts: 3)
    script.startSent()
    script.on(.answered(host: 0, .degraded(age: 3)))
    XCTAssertEqual(script.on(.unreachable(host: 1)), [])
    script.on(.sent(host: 2))
    XCTAssertEqual(script.on(.answered(host: 2, .unavailable(retryAfter: 1))), ["done degraded"])
  }

  func testTheFreshestOfDegradedAnswersIsGiven() {
    for ages in [[3, 1, 2], [1, 3, 2], [3, 2, 1]] {
      var script = ErrandScript(.read, hosts: 3)
      script.startSent()
      for (host, age) in ages.enumerated() {
        if host > 0 { script.on(.sent(host: host)) }
        script.on(.answered(host: host, .degraded(age: UInt32(age))))
      }
      XCTAssertEqual(script.outcome, .done(.degraded(age: 1)), "\(ages)")
    }
  }

  func testARefusalDoesNotSpoilADegradedAnswer() {
    for status in [400, 500, 504, 507] {
      var script = ErrandScript(.write, hosts: 2)
      script.startSent()
      script.on(.answered(host: 0, .degraded(age: 3)))
      script.on(.sent(host: 1))
      XCTAssertEqual(script.on(.answered(host: 1, Answer(status: status))), ["done degraded"], "\(status)")
    }
  }

  func testADegradedWriteIsAskedElsewhereUnderTheSameKey() {
    var script = ErrandScript(.write, hosts: 2)
    script.startSent()
    let key = script.errand.key
    XCTAssertEqual(script.on(.answered(host: 0, .degraded(age: 0))), ["ask 1"])
    XCTAssertEqual(script.errand.key, key)
    script.on(.sent(host: 1))
    XCTAssertEqual(script.on(.answered(host: 1, .ok)), ["done"])
  }

  func testADegradedAnswerIsNoneWhereLinearizableIsDemanded() {
    var read = ErrandScript(.read, .linearizable, hosts: 1)
    read.startSent()
    XCTAssertEqual(read.on(.answered(host: 0, .degraded(age: 0))), [])
    XCTAssertEqual(read.sleep().actions, ["ask 0"])
    read.on(.sent(host: 0))
    XCTAssertEqual(read.on(.answered(host: 0, .ok)), ["done"])
  }

  func testADegradedWriteThatWasNotWantedIsUnknown() {
    var write = ErrandScript(.write, .linearizable, hosts: 1)
    write.startSent()
    XCTAssertEqual(write.on(.answered(host: 0, .degraded(age: 0))), [])
    XCTAssertEqual(write.on(.timePassed, after: 5000).last, "unknown")
  }

  func testALocalAnswerIsTakenWhereAny() {
    var answer = Answer.ok
    answer.assurance = .local(age: 0)
    var script = ErrandScript(.read, .any, hosts: 3)
    script.startSent()
    XCTAssertEqual(script.on(.answered(host: 0, answer)), ["done local"])
  }
}
