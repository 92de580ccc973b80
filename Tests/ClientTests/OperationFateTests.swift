import XCTest

@testable import Client

/// Whether a write was executed: done, certainly not, or unknown, and never said wrongly.
final class OperationFateTests: XCTestCase {
  func testALostWriteIsAskedAboutUntilItIsKnown() {
    var script = OperationScript(.write, hosts: 1)
    script.startSent()
    XCTAssertEqual(script.on(.lost(host: 0)), [])
    var rests: [UInt64] = []
    for _ in 0..<6 {
      let slept = script.sleep()
      rests.append(slept.milliseconds)
      XCTAssertEqual(slept.actions, ["ask 0"])
      XCTAssertEqual(script.on(.unreachable(host: 0)), [], "it may have been executed: no end yet")
    }
    XCTAssertEqual(rests, [50, 100, 200, 400, 800, 1000])
    XCTAssertEqual(script.sleep().actions, ["ask 0"])
    script.on(.sent(host: 0))
    XCTAssertEqual(script.on(.answered(host: 0, .ok)), ["done"])
    XCTAssertEqual(script.operation.key, IdempotencyKey(milliseconds: 70, random: 7))
  }

  func testALostWriteStaysUnknownThough503IsAnsweredLater() {
    var script = OperationScript(.write, hosts: 2, timeout: 900)
    script.startSent()
    XCTAssertEqual(script.on(.lost(host: 0)), ["ask 1"])
    script.on(.sent(host: 1))
    XCTAssertEqual(script.on(.answered(host: 1, .unavailable(retryAfter: 1))), [])
    XCTAssertEqual(script.sleep().actions, ["ask 0"])
    script.on(.sent(host: 0))
    XCTAssertEqual(script.on(.answered(host: 0, .unavailable(retryAfter: 1))), ["unknown"])
  }

  func testALostWriteStaysUnknownThoughNoHostCanBeReachedAnyMore() {
    var script = OperationScript(.write, hosts: 1, timeout: 100)
    script.startSent()
    script.on(.lost(host: 0))
    XCTAssertEqual(script.sleep().actions, ["ask 0"])
    XCTAssertEqual(script.on(.unreachable(host: 0)), ["unknown"], "the next rest would end after the deadline")
  }

  func testAHedgeThatIs503LeavesTheFirstTryUnknown() {
    var script = OperationScript(.write, hosts: 2)
    script.startSent()
    XCTAssertEqual(script.sleep().actions, ["ask 1"])
    script.on(.sent(host: 1))
    XCTAssertEqual(script.on(.answered(host: 1, .unavailable(retryAfter: 60))), [])
    XCTAssertEqual(script.on(.timePassed, after: 4900), ["abandon 0", "unknown"])
  }

  func testARefusalWaitsForTheTryThatIsUnderWay() {
    for (answer, expected) in [(Answer.ok, "done"), (Answer(status: 507), "refused 507")] {
      var script = OperationScript(.write, hosts: 2)
      script.startSent()
      XCTAssertEqual(script.sleep().actions, ["ask 1"])
      script.on(.sent(host: 1))
      XCTAssertEqual(script.on(.answered(host: 1, Answer(status: 507))), [])
      XCTAssertEqual(script.on(.answered(host: 0, answer)), [expected])
    }
  }

  func testARefusalAfterALostTryIsUnknown() {
    var script = OperationScript(.write, hosts: 2)
    script.startSent()
    script.on(.lost(host: 0))
    script.on(.sent(host: 1))
    XCTAssertEqual(script.on(.answered(host: 1, Answer(status: 507))), ["unknown"])
  }

  func testARefusalDropsTriesThatWereNotSent() {
    var script = OperationScript(.write, hosts: 2)
    XCTAssertEqual(script.on(.started), ["ask 0"])
    XCTAssertEqual(script.sleep().actions, ["ask 1"])
    script.on(.sent(host: 1))
    XCTAssertEqual(script.on(.answered(host: 1, Answer(status: 400))), ["abandon 0", "refused 400"])
  }

  func testAFaultIsAskedAboutElsewhereAndNotAtThatHostAgain() {
    var script = OperationScript(.write, hosts: 2)
    script.startSent()
    XCTAssertEqual(script.on(.answered(host: 0, Answer(status: 500))), ["ask 1"])
    script.on(.sent(host: 1))
    XCTAssertEqual(script.on(.answered(host: 1, Answer(status: 500))), ["unknown 500"])
  }

  func testAnOpenOutcomeIsAskedAboutAgain() {
    var script = OperationScript(.write, hosts: 1)
    script.startSent()
    XCTAssertEqual(script.on(.answered(host: 0, Answer(status: 504)), after: 4000), [])
    XCTAssertEqual(script.sleep().actions, ["ask 0"])
    script.on(.sent(host: 0))
    XCTAssertEqual(script.on(.answered(host: 0, .ok)), ["done"])
  }

  func testAnAnswerThatMeansNothingIsUnknown() {
    var script = OperationScript(.write, hosts: 1)
    script.startSent()
    XCTAssertEqual(script.on(.answered(host: 0, Answer(status: 302))), ["unknown 302"])
  }

  func testACommandIsNeverSentTwice() {
    for event in [Operation.Event.lost(host: 0), .answered(host: 0, Answer(status: 504))] {
      var script = OperationScript(.command, hosts: 2)
      script.startSent()
      XCTAssertEqual(script.on(.timePassed, after: 1000), [], "and never hedged")
      XCTAssertTrue(script.on(event).first?.hasPrefix("unknown") == true)
    }
  }

  func testACommandIsSentAgainWhereItWasRefused() {
    var script = OperationScript(.command, hosts: 2)
    script.startSent()
    XCTAssertEqual(script.on(.answered(host: 0, .unavailable(retryAfter: 1))), ["ask 1"])
  }
}

/// 409: the idempotency key is behind the servers' floor.
final class OperationFloorTests: XCTestCase {
  private let floor: UInt64 = 5000

  func testANewKeyIsTakenWhenNothingWasExecuted() {
    var script = OperationScript(.write, hosts: 2)
    script.startSent()
    XCTAssertEqual(script.on(.answered(host: 0, .behind(floor: floor))), ["ask 0"])
    XCTAssertEqual(script.operation.key, IdempotencyKey(milliseconds: 6000, random: 7))
    script.on(.sent(host: 0))
    XCTAssertEqual(script.on(.answered(host: 0, .ok)), ["done"])
  }

  func testANewKeyIsTakenAfterTriesThatCertainlyFailed() {
    var script = OperationScript(.write, hosts: 3)
    script.on(.started)
    script.on(.unreachable(host: 0))
    script.on(.sent(host: 1))
    script.on(.answered(host: 1, .unavailable(retryAfter: 1)))
    script.on(.sent(host: 2))
    XCTAssertEqual(script.on(.answered(host: 2, .behind(floor: floor))), ["ask 0"])
  }

  func testNoNewKeyWhenATryMayHaveBeenExecutedAndForgotten() {
    var script = OperationScript(.write, hosts: 2)
    script.startSent()
    XCTAssertEqual(script.on(.lost(host: 0)), ["ask 1"])
    script.on(.sent(host: 1))
    XCTAssertEqual(script.on(.answered(host: 1, .behind(floor: floor))), ["unknown"])
    XCTAssertEqual(script.operation.key.milliseconds, 70)
  }

  func testATryUnderWayIsHeardBeforeANewKeyIsTaken() {
    let cases: [(Operation.Event, [String])] = [
      (.answered(host: 0, .ok), ["done"]),
      (.answered(host: 0, .behind(floor: 5000)), ["ask 0"]),
      (.answered(host: 0, .unavailable(retryAfter: 1)), ["ask 0"]),
      (.lost(host: 0), ["unknown"]),
      (.answered(host: 0, Answer(status: 504)), ["unknown 504"]),
    ]
    for (event, expected) in cases {
      var script = OperationScript(.write, hosts: 2)
      script.startSent()
      XCTAssertEqual(script.sleep().actions, ["ask 1"])
      script.on(.sent(host: 1))
      XCTAssertEqual(script.on(.answered(host: 1, .behind(floor: floor))), [])
      XCTAssertEqual(script.operation.key.milliseconds, 70)
      XCTAssertEqual(script.on(event), expected, "\(event)")
    }
  }

  func testGivesUpAgainstAFloorThatKeepsOvertaking() {
    var script = OperationScript(.write, hosts: 1)
    script.startSent()
    for _ in 0..<Operation.rekeysMax {
      XCTAssertEqual(
        script.on(.answered(host: 0, .behind(floor: script.operation.key.milliseconds))), ["ask 0"])
      script.on(.sent(host: 0))
    }
    XCTAssertEqual(script.on(.answered(host: 0, .behind(floor: 1 << 40))), ["refused 409"])
  }

  func testAFloorWithoutATimeIsARefusal() {
    var script = OperationScript(.write, hosts: 1)
    script.startSent()
    XCTAssertEqual(script.on(.answered(host: 0, Answer(status: 409))), ["refused 409"])
  }
}
