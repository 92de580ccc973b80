import Glibc
import UV
import XCTest

import class UV.Timer

final class LoopTests: LoopTestCase {
  func testCloseNamesWhatIsLeft() throws {
    let other = try Loop()
    let idle = Timer(other) {}
    let prepare = PrepareHandle(other) {}
    prepare.start()
    XCTAssertEqual(Set(other.close()), ["timer (inactive)", "prepare (active)"])
    idle.close()
    prepare.close()
    XCTAssertEqual(other.close(), [])
  }

  func testALoopThatWasNotClosedFreesItself() throws {
    weak var gone: Loop?
    do {
      let other = try Loop()
      gone = other
      Timer(other) {}.close()
      other.run()
    }
    XCTAssertNil(gone)
  }

  func testPollDoesNotWait() {
    let timer = Timer(loop) { XCTFail("an hour has not passed") }
    timer.start(after: 3_600_000)
    XCTAssertTrue(loop.poll())
    timer.close()
    XCTAssertFalse(loop.poll())
  }

  func testHooksRunAroundTheWaitInEveryTurn() {
    var order: [String] = []
    let prepare = PrepareHandle(loop) { order.append("prepare") }
    let check = CheckHandle(loop) { order.append("check") }
    let idle = IdleHandle(loop) { order.append("idle") }
    prepare.start()
    check.start()
    idle.start()
    loop.runOnce()
    idle.stop()
    loop.poll()
    XCTAssertEqual(order, ["idle", "prepare", "check", "prepare", "check"])
    for hook in [prepare, check, idle] as [Handle] { hook.close() }
  }

  func testStopEndsRunWithWorkLeft() {
    var turns = 0
    let idle = IdleHandle(loop) { [loop] in
      turns += 1
      if turns == 3 { loop!.stop() }
    }
    idle.start()
    XCTAssertTrue(loop.run())
    XCTAssertEqual(turns, 3)
    idle.close()
  }

  func testTimersFireInOrderAndNotBeforeTheirTime() {
    var fired: [Int] = []
    let start = loop.now
    let late = Timer(loop) { fired.append(2) }
    let soon = Timer(loop) { fired.append(1) }
    late.start(after: 20)
    soon.start(after: 10)
    run { fired.count == 2 }
    XCTAssertEqual(fired, [1, 2])
    XCTAssertGreaterThanOrEqual(loop.now, start + 20)
    late.close()
    soon.close()
  }

  func testTimerRepeatsUntilItIsStopped() {
    var count = 0
    var timer: Timer?
    timer = Timer(loop) {
      count += 1
      if count == 3 { timer?.stop() }
    }
    timer?.start(after: 0, repeating: 1)
    runToEnd()
    XCTAssertEqual(count, 3)
    XCTAssertEqual(timer?.isRunning, false)
    timer?.close()
  }

  func testTimerClosedWithinItsOwnCallbackLetsItsClosureGo() {
    final class Token {}
    weak var token: Token?
    weak var gone: Timer?
    do {
      let held = Token()
      token = held
      var timer: Timer?
      timer = Timer(loop) {
        _ = held
        timer?.close()
        timer?.close()
        timer?.start(after: 1)
        timer = nil
      }
      gone = timer
      timer?.start(after: 1, repeating: 1)
    }
    runToEnd()
    XCTAssertNil(token)
    XCTAssertNil(gone)
  }

  func testUpdateTimeAdvancesNow() {
    let before = loop.now
    let end = Clock.nanoseconds + 3_000_000
    while Clock.nanoseconds < end {}
    XCTAssertEqual(loop.now, before)
    loop.updateTime()
    XCTAssertGreaterThan(loop.now, before)
  }

  func testSignalIsHeardInTheLoop() throws {
    var heard = 0
    let signal = try Signal(loop, SIGUSR1) { heard += 1 }
    kill(getpid(), SIGUSR1)
    run { heard == 1 }
    signal.close()
    XCTAssertThrowsError(try Signal(loop, 4711) {}) { XCTAssertEqual($0 as? UVError, .invalidArgument) }
  }
}
