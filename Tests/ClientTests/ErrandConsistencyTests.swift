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

  /// Whoever answered last: it is the other's answer that is given.
  func testTheHostIsTheOneWhoseAnswerIsGiven() {
    let later: [(Errand.Event, host: Int)] = [
      (.answered(host: 1, .unavailable(retryAfter: 1)), 0), (.answered(host: 1, Answer(status: 507)), 0),
      (.answered(host: 1, .degraded(age: 5)), 0), (.answered(host: 1, .degraded(age: 1)), 1),
      (.answered(host: 1, .ok), 1), (.lost(host: 1), 0),
    ]
    for (event, host) in later {
      var script = ErrandScript(.write, hosts: 2)
      script.startSent()
      script.on(.answered(host: 0, .degraded(age: 3)))
      XCTAssertNil(script.errand.decidingHost)
      script.on(.sent(host: 1))
      script.on(event)
      XCTAssertEqual(script.errand.decidingHost, host, "\(event)")
    }
    var refused = ErrandScript(.write, hosts: 2)
    refused.startSent()
    refused.on(.timePassed, after: 100)
    refused.on(.sent(host: 1))
    refused.on(.answered(host: 0, Answer(status: 507)))
    refused.on(.answered(host: 1, .unavailable(retryAfter: 9)))
    XCTAssertEqual(refused.outcome.map(ErrandScript.name), "refused 507")
    XCTAssertEqual(refused.errand.decidingHost, 0)
  }

  /// What a host said before the degraded answer came does not end the wait for the others.
  func testThoseWhoAreStillAskedAreAwaited() {
    var script = ErrandScript(.write, hosts: 3)
    script.startSent()
    XCTAssertEqual(script.on(.answered(host: 0, .unavailable(retryAfter: 1))), ["ask 1"])
    script.on(.sent(host: 1))
    XCTAssertEqual(script.sleep().actions, ["ask 2"])
    script.on(.sent(host: 2))
    XCTAssertEqual(script.on(.answered(host: 1, .degraded(age: 3))), [])
    XCTAssertEqual(script.on(.answered(host: 2, .ok)), ["done"])
  }

  func testALocalAnswerIsTakenWhereAny() {
    var answer = Answer.ok
    answer.assurance = .local(age: 0)
    var script = ErrandScript(.read, .any, hosts: 3)
    script.startSent()
    XCTAssertEqual(script.on(.answered(host: 0, answer)), ["done local"])
  }
}
