import XCTest

@testable import Client

/// What reads and writes have in common: hosts, hedges, rests, the deadline.
final class ErrandTests: XCTestCase {
  func testOneAnswerEndsIt() {
    for kind in [Errand.Kind.read, .write, .command] {
      var script = ErrandScript(kind, hosts: 3)
      script.startSent()
      XCTAssertEqual(script.on(.answered(host: 0, .ok), after: 5), ["done"])
      XCTAssertNil(script.errand.wakeTime)
      XCTAssertEqual(script.on(.timePassed, after: 9999), [])
    }
  }

  func testMovesOnAtOnceWhenAHostRefuses() {
    for kind in [Errand.Kind.read, .write, .command] {
      var script = ErrandScript(kind, hosts: 3)
      XCTAssertEqual(script.on(.started), ["ask 0"])
      XCTAssertEqual(script.on(.unreachable(host: 0)), ["ask 1"])
      XCTAssertEqual(script.on(.unreachable(host: 1)), ["ask 2"])
      script.on(.sent(host: 2))
      XCTAssertEqual(script.on(.answered(host: 2, .ok)), ["done"])
    }
  }

  func testNoHostToConnectToEndsItAtOnce() {
    for kind in [Errand.Kind.read, .write, .command] {
      var script = ErrandScript(kind, hosts: 2)
      script.on(.started)
      script.on(.unreachable(host: 0))
      XCTAssertEqual(script.on(.unreachable(host: 1)), ["unreachable"])
    }
  }

  func testMovesOnAtOnceWhenAHostResets() {
    for kind in [Errand.Kind.read, .write] {
      var script = ErrandScript(kind, hosts: 2)
      script.startSent()
      XCTAssertEqual(script.on(.lost(host: 0)), ["ask 1"])
      script.on(.sent(host: 1))
      XCTAssertEqual(script.on(.answered(host: 1, .ok)), ["done"])
    }
  }

  func testHedgesAfterSilenceAndTakesWhicheverAnswersFirst() {
    for first in [0, 1] {
      var script = ErrandScript(.read, hosts: 2)
      script.startSent()
      XCTAssertEqual(script.on(.timePassed, after: 99), [])
      let slept = script.sleep()
      XCTAssertEqual(slept.milliseconds, 1)
      XCTAssertEqual(slept.actions, ["ask 1"])
      script.on(.sent(host: 1))
      XCTAssertEqual(script.on(.answered(host: first, .ok)), ["abandon \(1 - first)", "done"])
    }
  }

  func testASilentConnectIsHedgedToo() {
    var script = ErrandScript(.write, hosts: 2)
    XCTAssertEqual(script.on(.started), ["ask 0"])
    XCTAssertEqual(script.sleep().actions, ["ask 1"])
  }

  func testHedgesToEachHostInTurn() {
    var script = ErrandScript(.write, hosts: 4)
    script.startSent()
    for host in 1...3 {
      let slept = script.sleep()
      XCTAssertEqual(slept.milliseconds, 100)
      XCTAssertEqual(slept.actions, ["ask \(host)"])
    }
    XCTAssertEqual(script.sleep().milliseconds, 4700, "nothing is left but the deadline")
  }

  func testAPartOfAnAnswerIsNotSilence() {
    var script = ErrandScript(.read, hosts: 2)
    script.startSent()
    XCTAssertEqual(script.on(.heard(host: 0), after: 80), [])
    XCTAssertEqual(script.on(.timePassed, after: 99), [])
    XCTAssertEqual(script.on(.timePassed, after: 1), ["ask 1"])
  }

  func testAHedgeThatIsRefusedIsReplacedAtOnce() {
    var script = ErrandScript(.read, hosts: 3)
    script.startSent()
    XCTAssertEqual(script.sleep().actions, ["ask 1"])
    XCTAssertEqual(script.on(.unreachable(host: 1)), ["ask 2"])
  }

  func testARefusingHostIsAskedAgainAfterARestWhenTheOtherIsSilent() {
    var script = ErrandScript(.read, hosts: 2)
    script.on(.started)
    XCTAssertEqual(script.on(.unreachable(host: 0)), ["ask 1"])
    script.on(.sent(host: 1))
    let slept = script.sleep()
    XCTAssertEqual(slept.milliseconds, 100)
    XCTAssertEqual(slept.actions, ["ask 0"])
    XCTAssertEqual(script.on(.unreachable(host: 0)), [])
    XCTAssertEqual(script.sleep().milliseconds, 100, "the second rest is twice the first")
  }

  func test503MovesOnAtOnceAndRestsAsLongAsTheServerAsks() {
    var script = ErrandScript(.write, hosts: 2)
    script.startSent()
    XCTAssertEqual(script.on(.answered(host: 0, .unavailable(retryAfter: 1)), after: 10), ["ask 1"])
    script.on(.sent(host: 1))
    XCTAssertEqual(script.on(.answered(host: 1, .unavailable(retryAfter: 2)), after: 10), [])
    let slept = script.sleep()
    XCTAssertEqual(slept.milliseconds, 990)
    XCTAssertEqual(slept.actions, ["ask 0"])
    script.on(.sent(host: 0))
    XCTAssertEqual(script.on(.answered(host: 0, .ok)), ["done"])
  }

  func test503WithoutARestIsNotAskedInATightLoop() {
    var script = ErrandScript(.read, hosts: 1, timeout: 1000)
    script.startSent()
    var rests: [UInt64] = []
    for _ in 0..<5 where script.outcome == nil {
      XCTAssertTrue(
        script.on(.answered(host: 0, .unavailable(retryAfter: 0))).allSatisfy { $0 == "refused 503" })
      if script.outcome != nil { break }
      let slept = script.sleep()
      XCTAssertEqual(slept.actions, ["ask 0"])
      rests.append(slept.milliseconds)
      script.on(.sent(host: 0))
    }
    XCTAssertEqual(rests, [50, 100, 200, 400])
    XCTAssertEqual(script.outcome.map(ErrandScript.name), "refused 503")
  }

  func testARestBeyondTheDeadlineEndsItAtOnce() {
    var script = ErrandScript(.write, hosts: 2)
    script.startSent()
    XCTAssertEqual(script.on(.answered(host: 0, .unavailable(retryAfter: 5))), ["ask 1"])
    script.on(.sent(host: 1))
    XCTAssertEqual(script.on(.answered(host: 1, .unavailable(retryAfter: 60))), ["refused 503"])
  }

  func testARefusalEndsItAtOnce() {
    for status in [400, 404, 405, 408, 413, 414, 422, 426, 431, 501, 505, 507] {
      for kind in [Errand.Kind.read, .write, .command] {
        var script = ErrandScript(kind, hosts: 2)
        script.startSent()
        XCTAssertEqual(script.on(.answered(host: 0, Answer(status: status))), ["refused \(status)"])
      }
    }
  }

  func testAConditionThatFailsEndsItWhateverElseIsUnderWay() {
    var script = ErrandScript(.write, hosts: 2)
    script.startSent()
    XCTAssertEqual(script.sleep().actions, ["ask 1"])
    script.on(.sent(host: 1))
    XCTAssertEqual(script.on(.answered(host: 1, Answer(status: 412))), ["abandon 0", "condition failed"])
  }

  func testTheDeadlineEndsItInEveryState() {
    let start: [Errand.Event] = [.started]
    let sent = start + [.sent(host: 0)]
    let refused = sent + [.answered(host: 0, .unavailable(retryAfter: 1))]
    let lost = sent + [.lost(host: 0)]
    let cases: [(Errand.Kind, [Errand.Event], String)] = [
      (.read, start, "unreachable"), (.write, start, "unreachable"), (.command, start, "unreachable"),
      (.read, sent, "unanswered"), (.write, sent, "unknown"), (.command, sent, "unknown"),
      (.read, sent + [.heard(host: 0)], "unanswered"), (.write, sent + [.heard(host: 0)], "unknown"),
      (.read, refused, "refused 503"), (.write, refused, "refused 503"), (.command, refused, "refused 503"),
      (.read, lost, "unanswered"), (.write, lost, "unknown"),
      (.write, sent + [.answered(host: 0, Answer(status: 504))], "unknown 504"),
      (.read, sent + [.answered(host: 0, Answer(status: 504))], "unknown 504"),
      (.write, sent + [.answered(host: 0, Answer(status: 500))], "unknown 500"),
    ]
    for (kind, events, expected) in cases {
      var script = ErrandScript(kind, hosts: 2)
      for event in events { script.on(event) }
      script.on(.timePassed, after: 4999)
      XCTAssertNil(script.outcome, "\(kind) \(events)")
      XCTAssertEqual(script.on(.timePassed, after: 1).last, expected, "\(kind) \(events)")
    }
  }
}
