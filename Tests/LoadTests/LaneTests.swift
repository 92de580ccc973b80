import XCTest

@testable import Load

final class LaneTests: XCTestCase {
  private let second: UInt64 = 1_000_000_000

  func testMomentsAreOnTheScheduleWithoutDrift() {
    let schedule = Schedule(start: 5, rate: 3)
    XCTAssertEqual((0..<4).map { schedule.moment(of: $0) }, [5, 333_333_338, 666_666_671, 1_000_000_005])
    XCTAssertEqual(schedule.moment(of: 3_000_000_000), 5 + 1_000_000_000 * second)
  }

  func testWhatIsDueHasBegunAndWhatIsNotHasNot() {
    for rate: UInt64 in [1, 7, 1000, 65_537, 10_000_000] {
      let schedule = Schedule(start: 1_000_000, rate: rate)
      XCTAssertEqual(schedule.due(at: 999_999), 0)
      for step: UInt64 in 0..<200 {
        let now = 1_000_000 + step * 7_777_777
        let due = schedule.due(at: now)
        XCTAssertLessThanOrEqual(schedule.moment(of: due - 1), now)
        XCTAssertGreaterThanOrEqual(schedule.moment(of: due) + 1, now)
      }
    }
  }

  private func plan(_ change: (inout Lane.Plan) -> Void = { _ in }) -> Lane.Plan {
    var plan = Lane.Plan(
      schedule: Schedule(start: 0, rate: 10), measuredFrom: 0, end: .max, measuredMax: .max,
      patience: 5 * second)
    change(&plan)
    return plan
  }

  private func drawAll(_ lane: inout Lane, at now: UInt64) -> [Lane.Drawn] {
    var all: [Lane.Drawn] = []
    while true {
      let drawn = lane.draw(at: now)
      if drawn == .nothing { return all }
      all.append(drawn)
    }
  }

  func testLanesTogetherDrawEachNumberOnceAtItsMoment() {
    var numbers: [UInt64] = []
    for index in 0..<3 {
      var lane = Lane(index: index, count: 3)
      lane.begin(plan { $0.end = 2 * second })
      XCTAssertEqual(lane.backlog(at: second), UInt64([4, 4, 3][index]))
      for drawn in drawAll(&lane, at: 3 * second) {
        guard case .request(let number, let intended, true) = drawn else { return XCTFail("\(drawn)") }
        XCTAssertEqual(intended, number * second / 10)
        numbers.append(number)
      }
      XCTAssertTrue(lane.isExhausted(at: 3 * second))
    }
    XCTAssertEqual(numbers.sorted(), Array(0..<20))
  }

  func testWhatWaitsLongerThanPatienceIsNotSent() {
    var lane = Lane(index: 0, count: 1)
    lane.begin(plan { $0.patience = second })
    let drawn = drawAll(&lane, at: 2 * second)
    XCTAssertEqual(drawn.count, 21)
    for (number, one) in drawn.enumerated() {
      let (number, intended) = (UInt64(number), UInt64(number) * second / 10)
      XCTAssertEqual(
        one,
        intended < second
          ? .unsent(number: number, intended: intended, isMeasured: true)
          : .request(number: number, intended: intended, isMeasured: true))
    }
  }

  func testTheWarmUpDoesNotCountAndIsNotLimited() {
    var lane = Lane(index: 0, count: 1)
    lane.begin(
      plan {
        $0.measuredFrom = second
        $0.measuredMax = 3
      })
    let drawn = drawAll(&lane, at: 4 * second)
    XCTAssertEqual(drawn.count, 13)
    XCTAssertEqual(lane.measured, 3)
    XCTAssertTrue(lane.isExhausted(at: 4 * second))
    XCTAssertEqual(lane.backlog(at: 4 * second), 0)
  }

  func testAClosedLaneDrawsWheneverItIsAskedUntilItsEnd() {
    var lane = Lane(index: 1, count: 2)
    lane.begin(
      plan {
        $0.schedule = nil
        $0.end = 100
      })
    XCTAssertEqual(lane.draw(at: 99), .request(number: 1, intended: 99, isMeasured: true))
    XCTAssertEqual(lane.draw(at: 99), .request(number: 3, intended: 99, isMeasured: true))
    XCTAssertEqual(lane.draw(at: 100), .nothing)
    XCTAssertTrue(lane.isExhausted(at: 100))
  }

  func testTheRingIsFirstInFirstOutHoweverItGrowsAndTurns() {
    var ring = ConnectionRing()
    var model: [Int] = []
    var next = 0
    for step in 0..<2000 {
      if step % 7 == 6, !model.isEmpty {
        ring.rotate()
        model.append(model.removeFirst())
      } else if step % 5 < 3 || model.isEmpty {
        ring.append(next)
        model.append(next)
        next += 1
      } else {
        XCTAssertEqual(ring.first, model.removeFirst())
        ring.removeFirst()
      }
      XCTAssertEqual(ring.count, model.count)
    }
    while let first = ring.first {
      XCTAssertEqual(first, model.removeFirst())
      ring.removeFirst()
    }
    XCTAssertTrue(model.isEmpty)
  }

  func testTheQueueOfAConnectionKeepsTheOrder() {
    for capacity in [1, 2, 7] {
      var queue = RequestQueue(capacity: capacity)
      var (sent, answered): (UInt64, UInt64) = (0, 0)
      for step in 0..<200 {
        if queue.count < capacity, step % 3 != 0 || queue.count == 0 {
          queue.append(
            LoadRequest(
              action: .read, purpose: .measured, key: 0, keyDigits: 0, number: sent, intended: 0, sent: 0))
          sent += 1
        } else {
          XCTAssertEqual(queue.first?.number, answered)
          XCTAssertEqual(queue.removeFirst().number, answered)
          answered += 1
        }
      }
    }
  }

  func testChoresComeBackUntilTheyAreDone() {
    var chores = Chores(keys: 3, at: 0)
    XCTAssertEqual(chores.take(at: 0), 0)
    XCTAssertEqual(chores.take(at: 0), 1)
    chores.finish(at: 5)
    chores.fail(1, at: 6)
    XCTAssertNil(chores.take(at: 7), "rests after a failure")
    let later = 6 + Chores.restNanoseconds
    XCTAssertEqual(chores.take(at: later), 1)
    XCTAssertEqual(chores.take(at: later), 2)
    XCTAssertNil(chores.take(at: later))
    XCTAssertEqual(chores.left, 2)
    chores.finish(at: later)
    chores.finish(at: later)
    XCTAssertTrue(chores.isDone)
    XCTAssertEqual(chores.lastProgress, later)
  }
}
