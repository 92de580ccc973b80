import XCTest

@testable import Client

/// Whether a write was executed: done, certainly not, or unknown, and never said wrongly.
final class ErrandFateTests: XCTestCase {
  func testALostWriteIsAskedAboutUntilItIsKnown() {
    var script = ErrandScript(.write, hosts: 1)
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
    XCTAssertEqual(script.errand.key, IdempotencyKey(milliseconds: 70, random: 7))
  }

  func testALostWriteStaysUnknownThough503IsAnsweredLater() {
    var script = ErrandScript(.write, hosts: 2, timeout: 900)
    script.startSent()
    XCTAssertEqual(script.on(.lost(host: 0)), ["ask 1"])
    script.on(.sent(host: 1))
    XCTAssertEqual(script.on(.answered(host: 1, .unavailable(retryAfter: 1))), [])
    XCTAssertEqual(script.sleep().actions, ["ask 0"])
    script.on(.sent(host: 0))
    XCTAssertEqual(script.on(.answered(host: 0, .unavailable(retryAfter: 1))), ["unknown"])
  }

  func testALostWriteStaysUnknownThoughNoHostCanBeReachedAnyMore() {
    var script = ErrandScript(.write, hosts: 1, timeout: 100)
    script.startSent()
    script.on(.lost(host: 0))
    XCTAssertEqual(script.sleep().actions, ["ask 0"])
    XCTAssertEqual(
      script.on(.unreachable(host: 0)), ["unknown"], "the next rest would end after the deadline")
  }

  func testAHedgeThatIs503LeavesTheFirstTryUnknown() {
    var script = ErrandScript(.write, hosts: 2)
    script.startSent()
    XCTAssertEqual(script.sleep().actions, ["ask 1"])
    script.on(.sent(host: 1))
    XCTAssertEqual(script.on(.answered(host: 1, .unavailable(retryAfter: 60))), [])
    XCTAssertEqual(script.on(.timePassed, after: 4900), ["abandon 0", "unknown"])
  }

  func testARefusalWaitsForTheTryThatIsUnderWay() {
    for (answer, expected) in [(Answer.ok, "done"), (Answer(status: 507), "refused 507")] {
      var script = ErrandScript(.write, hosts: 2)
      script.startSent()
      XCTAssertEqual(script.sleep().actions, ["ask 1"])
      script.on(.sent(host: 1))
      XCTAssertEqual(script.on(.answered(host: 1, Answer(status: 507))), [])
      XCTAssertEqual(script.on(.answered(host: 0, answer)), [expected])
    }
  }

  func testARefusalAfterALostTryIsUnknown() {
    var script = ErrandScript(.write, hosts: 2)
    script.startSent()
    script.on(.lost(host: 0))
    script.on(.sent(host: 1))
    XCTAssertEqual(script.on(.answered(host: 1, Answer(status: 507))), ["unknown"])
  }

  func testARefusalDropsTriesThatWereNotSent() {
    var script = ErrandScript(.write, hosts: 2)
    XCTAssertEqual(script.on(.started), ["ask 0"])
    XCTAssertEqual(script.sleep().actions, ["ask 1"])
    script.on(.sent(host: 1))
    XCTAssertEqual(script.on(.answered(host: 1, Answer(status: 400))), ["abandon 0", "refused 400"])
  }

  func testAFaultIsAskedAboutElsewhereAndNotAtThatHostAgain() {
    var script = ErrandScript(.write, hosts: 2)
    script.startSent()
    XCTAssertEqual(script.on(.answered(host: 0, Answer(status: 500))), ["ask 1"])
    script.on(.sent(host: 1))
    XCTAssertEqual(script.on(.answered(host: 1, Answer(status: 500))), ["unknown 500"])
  }

  func testAnOpenOutcomeIsAskedAboutAgain() {
    var script = ErrandScript(.write, hosts: 1)
    script.startSent()
    XCTAssertEqual(script.on(.answered(host: 0, Answer(status: 504)), after: 4000), [])
    XCTAssertEqual(script.sleep().actions, ["ask 0"])
    script.on(.sent(host: 0))
    XCTAssertEqual(script.on(.answered(host: 0, .ok)), ["done"])
  }

  func testAnAnswerThatMeansNothingIsUnknown() {
    var script = ErrandScript(.write, hosts: 1)
    script.startSent()
    XCTAssertEqual(script.on(.answered(host: 0, Answer(status: 302))), ["unknown 302"])
  }

  func testACommandIsNeverSentTwice() {
    for event in [Errand.Event.lost(host: 0), .answered(host: 0, Answer(status: 504))] {
      var script = ErrandScript(.command, hosts: 2)
      script.startSent()
      XCTAssertEqual(script.on(.timePassed, after: 1000), [], "and never hedged")
      XCTAssertTrue(script.on(event).first?.hasPrefix("unknown") == true)
    }
  }

  func testACommandIsSentAgainWhereItWasRefused() {
    var script = ErrandScript(.command, hosts: 2)
    script.startSent()
    XCTAssertEqual(script.on(.answered(host: 0, .unavailable(retryAfter: 1))), ["ask 1"])
  }
}

/// 409: the idempotency key is behind the servers' floor.
final class ErrandFloorTests: XCTestCase {
  private let floor: UInt64 = 5000

  func testANewKeyIsTakenWhenNothingWasExecuted() {
    var script = ErrandScript(.write, hosts: 2)
    script.startSent()
    XCTAssertEqual(script.on(.answered(host: 0, .behind(floor: floor))), ["ask 0"])
    XCTAssertEqual(script.errand.key, IdempotencyKey(milliseconds: 6000, random: 7))
    script.on(.sent(host: 0))
    XCTAssertEqual(script.on(.answered(host: 0, .ok)), ["done"])
  }

  func testANewKeyIsTakenAfterTriesThatCertainlyFailed() {
    var script = ErrandScript(.write, hosts: 3)
    script.on(.started)
    script.on(.unreachable(host: 0))
    script.on(.sent(host: 1))
    script.on(.answered(host: 1, .unavailable(retryAfter: 1)))
    script.on(.sent(host: 2))
    XCTAssertEqual(script.on(.answered(host: 2, .behind(floor: floor))), ["ask 0"])
  }

  func testNoNewKeyWhenATryMayHaveBeenExecutedAndForgotten() {
    var script = ErrandScript(.write, hosts: 2)
    script.startSent()
    XCTAssertEqual(script.on(.lost(host: 0)), ["ask 1"])
    script.on(.sent(host: 1))
    XCTAssertEqual(script.on(.answered(host: 1, .behind(floor: floor))), ["unknown"])
    XCTAssertEqual(script.errand.key.milliseconds, 70)
  }

  func testATryUnderWayIsHeardBeforeANewKeyIsTaken() {
    let cases: [(Errand.Event, [String])] = [
      (.answered(host: 0, .ok), ["done"]),
      (.answered(host: 0, .behind(floor: 5000)), ["ask 0"]),
      (.answered(host: 0, .unavailable(retryAfter: 1)), ["ask 0"]),
      (.lost(host: 0), ["unknown"]),
      (.answered(host: 0, Answer(status: 504)), ["unknown 504"]),
    ]
    for (event, expected) in cases {
      var script = ErrandScript(.write, hosts: 2)
      script.startSent()
      XCTAssertEqual(script.sleep().actions, ["ask 1"])
      script.on(.sent(host: 1))
      XCTAssertEqual(script.on(.answered(host: 1, .behind(floor: floor))), [])
      XCTAssertEqual(script.errand.key.milliseconds, 70)
      XCTAssertEqual(script.on(event), expected, "\(event)")
    }
  }

  func testGivesUpAgainstAFloorThatKeepsOvertaking() {
    var script = ErrandScript(.write, hosts: 1)
    script.startSent()
    for _ in 0..<Errand.rekeysMax {
      XCTAssertEqual(
        script.on(.answered(host: 0, .behind(floor: script.errand.key.milliseconds))), ["ask 0"])
      script.on(.sent(host: 0))
    }
    XCTAssertEqual(script.on(.answered(host: 0, .behind(floor: 1 << 40))), ["refused 409"])
  }

  func testAFloorWithoutATimeIsARefusal() {
    var script = ErrandScript(.write, hosts: 1)
    script.startSent()
    XCTAssertEqual(script.on(.answered(host: 0, Answer(status: 409))), ["refused 409"])
  }
}
