import HTTP
import XCTest

@testable import Client

/// Plays events against an errand and compares what it does, one line an event.
struct ErrandScript {
  var errand: Errand
  var now: UInt64 = 1000
  var outcome: CallOutcome?

  init(
    _ kind: Errand.Kind, _ demand: Errand.Demand = .best, hosts: Int, timeout: UInt64 = 5000,
    key: IdempotencyKey = IdempotencyKey(milliseconds: 70, random: 7)
  ) {
    errand = Errand(kind, demand: demand, hostCount: hosts, deadline: 1000 + timeout, key: key)
  }

  /// The actions as text: `ask 0`, `abandon 1`, `done`.
  @discardableResult
  mutating func on(_ event: Errand.Event, after passed: UInt64 = 0) -> [String] {
    now += passed
    var actions: [Errand.Action] = []
    errand.step(event, now: now, actions: &actions)
    return actions.map { action in
      switch action {
      case .ask(let host): return "ask \(host)"
      case .abandon(let host): return "abandon \(host)"
      case .finish(let outcome):
        self.outcome = outcome
        return Self.name(outcome)
      }
    }
  }

  /// Starts, and has the first host take the request.
  mutating func startSent() {
    XCTAssertEqual(on(.started), ["ask 0"])
    XCTAssertEqual(on(.sent(host: 0)), [])
  }

  /// Passes time until the errand wants to be woken, and says how long that was.
  mutating func sleep() -> (milliseconds: UInt64, actions: [String]) {
    guard let wake = errand.wakeTime else { return (0, []) }
    let passed = wake - now
    return (passed, on(.timePassed, after: passed))
  }

  static func name(_ outcome: CallOutcome) -> String {
    switch outcome {
    case .done(let answer): answer.assurance == .linearizable ? "done" : "done \(label(answer.assurance))"
    case .conditionFailed: "condition failed"
    case .refused(let answer): "refused \(answer.status)"
    case .unanswered: "unanswered"
    case .unreachable: "unreachable"
    case .unknown(let answer): answer.map { "unknown \($0.status)" } ?? "unknown"
    }
  }
}

private func label(_ assurance: Assurance) -> String {
  switch assurance {
  case .linearizable: "linearizable"
  case .degraded: "degraded"
  case .local: "local"
  }
}

extension Answer {
  static let ok = Answer(status: 200)

  static func degraded(age: UInt32) -> Answer {
    var answer = ok
    answer.assurance = .degraded(age: age)
    return answer
  }

  static func unavailable(retryAfter: UInt32) -> Answer {
    var answer = Answer(status: 503)
    answer.retryAfterSeconds = retryAfter
    return answer
  }

  static func behind(floor: UInt64) -> Answer {
    var answer = Answer(status: 409)
    answer.floor = floor
    return answer
  }
}
