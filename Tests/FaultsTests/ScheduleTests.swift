import Faults
import XCTest

final class ScheduleTests: XCTestCase {
  func testEveryCommandIsReadAndWritten() throws {
    let text = """
      at 0 settle
      at 0.5 kill primary
      at 1 stop backup
      at 1.25 wipe 3
      at 2 freeze heavy
      at 2 isolate light
      at 3 cut 0 1
      at 3 cut primary -> backup
      at 3.001 split 0 2
      at 3.5 unplug light
      at 3.5 disconnect 1
      at 3.75 clock primary +3600
      at 3.75 clock last -1
      at 4 start all
      at 4 thaw last
      at 5 heal
      end 7.5

      """
    let schedule = try FaultSchedule(text: text)
    XCTAssertEqual(schedule.text, text)
    XCTAssertEqual(schedule.faultCount, 12)
    XCTAssertTrue(schedule.needsMachines)
    XCTAssertEqual(schedule.highestServer, 3)
    XCTAssertTrue(schedule.needsCuts)
    XCTAssertEqual(schedule.entries[1], .init(at: 500, .kill(.primary)))
    XCTAssertEqual(schedule.entries[7], .init(at: 3000, .cutOneWay(from: .primary, to: .backup)))
    XCTAssertEqual(schedule.end, 7500)
  }

  func testTimesOrderAndEntriesOfOneTimeStay() throws {
    let schedule = try FaultSchedule(text: "at 2 heal # the last\n\n  at 1 kill 0\nat 1 kill 1\n")
    XCTAssertEqual(schedule.entries.map(\.command), [.kill(.server(0)), .kill(.server(1)), .heal])
    XCTAssertEqual(schedule.end, 3000, "a second after the last")
  }

  func testWhatMeansNothingIsRefusedWithItsLine() {
    for (text, line, part) in [
      ("kill 0", 1, "begins with"), ("at 1 kill", 1, "missing"), ("at x kill 0", 1, "no time"),
      ("at 1 explode 0", 1, "no command"), ("at 1 heal\nat 1 kill leader", 2, "no server"),
      ("at 1 kill 7", 1, "no server"), ("at 1 heal now", 1, "too much"), ("at -1 heal", 1, "no time"),
      ("at 1 clock 0", 1, "how far"), ("at 1 clock 0 3600", 1, "no way"), ("at 1 clock 0 +0", 1, "no way"),
      ("at 1 clock 0 +86401", 1, "a day"), ("at 1 clock 0 -", 1, "no way"), ("at 1 unplug", 1, "missing"),
      ("at 1.2.3 heal", 1, "no time"), ("at 1. heal", 1, "no time"), ("at", 1, "missing"),
      ("end 1\nend 2", 2, "twice"), ("at 5 heal\nend 4", 0, "after the end"), ("at 99999 heal", 1, "a day"),
    ] {
      XCTAssertThrowsError(try FaultSchedule(text: text), text) { error in
        let malformed = error as? MalformedSchedule
        XCTAssertEqual(malformed?.line, line, text)
        XCTAssertTrue(malformed?.reason.contains(part) ?? false, "\(text): \(error)")
      }
    }
  }

  func testASeedIsOneSchedule() throws {
    func draw(_ seed: UInt64) -> FaultSchedule {
      .random(seed: seed, milliseconds: 120_000, servers: 4, isDurable: true, cuts: true)
    }
    XCTAssertEqual(draw(7), draw(7))
    XCTAssertNotEqual(draw(7), draw(8))
    XCTAssertEqual(try FaultSchedule(text: draw(7).text), draw(7))
    XCTAssertGreaterThan(draw(7).faultCount, 20)
    XCTAssertEqual(draw(7).end, 120_000)
  }

  /// Each injury is repaired and settled before the next, and no more state is taken away than survives.
  func testRandomSchedulesInjureNoMoreThanSurvives() {
    for servers in 1...7 {
      for isDurable in [true, false] {
        for cuts in [true, false] {
          let schedule = FaultSchedule.random(
            seed: UInt64(servers), milliseconds: 300_000, servers: servers, isDurable: isDurable, cuts: cuts)
          XCTAssertGreaterThan(schedule.faultCount, 30)
          XCTAssertEqual(schedule.needsCuts, cuts && servers > 1)
          checkSurvivable(schedule, servers, isDurable)
          XCTAssertFalse(schedule.needsMachines)
          let onMachines = FaultSchedule.random(
            seed: UInt64(servers), milliseconds: 300_000, servers: servers, isDurable: isDurable, cuts: cuts,
            machines: true)
          XCTAssertTrue(onMachines.needsMachines)
          checkSurvivable(onMachines, servers, isDurable)
        }
      }
    }
  }

  private func checkSurvivable(_ schedule: FaultSchedule, _ servers: Int, _ isDurable: Bool) {
    var losses = 0
    var isInjured = false
    var time: UInt64 = 0
    for entry in schedule.entries {
      if entry.command == .settle {
        (losses, isInjured) = (0, false)
        continue
      }
      guard entry.command.isFault else { continue }
      XCTAssertTrue(!isInjured || entry.at == time, "\(entry) before the last was repaired")
      (isInjured, time) = (true, entry.at)
      switch entry.command {
      case .wipe: losses += 1
      case .kill, .stop, .unplug: losses += isDurable ? 0 : entry.command.victims == [.all] ? servers : 1
      case .freeze, .isolate, .cut, .cutOneWay, .split, .disconnect, .clock, .start, .thaw, .heal, .settle:
        break
      }
      // Of an even number one weighs two; where more than one is lost, the light ones are meant.
      XCTAssertLessThanOrEqual(losses, servers / 2, "\(schedule.text)")
      if losses > (servers - 1) / 2 { XCTAssertEqual(entry.command.victims, [.light], "\(schedule.text)") }
    }
    XCTAssertFalse(isInjured)
  }
}

final class SituationTests: XCTestCase {
  private let situation = Situation(weights: [1, 2, 1, 1], primary: 2, running: [0, 1, 2], last: [3])

  func testWhoIsMeant() {
    XCTAssertEqual(situation.resolve([.primary]), [2])
    XCTAssertEqual(situation.resolve([.backup]), [0], "3 does not run")
    XCTAssertEqual(situation.resolve([.heavy]), [1])
    XCTAssertEqual(situation.resolve([.light, .light]), [0, 2])
    XCTAssertNil(situation.resolve([.light, .light, .light]))
    XCTAssertEqual(situation.resolve([.backup, .backup, .primary]), [0, 1, 2])
    XCTAssertEqual(situation.resolve([.last, .server(1)]), [3, 1])
    XCTAssertEqual(situation.resolve([.all]), [0, 1, 2, 3])
    XCTAssertNil(Situation(weights: [1], primary: nil, running: [0], last: []).resolve([.primary]))
  }

  func testTheSideWithoutAQuorumIsHit() {
    XCTAssertEqual(situation.hit(by: .split([]), [0, 1]), [2, 3])
    XCTAssertEqual(situation.hit(by: .split([]), [2, 3]), [2, 3])
    XCTAssertEqual(situation.hit(by: .kill(.primary), [2]), [2])
    XCTAssertEqual(situation.hit(by: .cut(.server(0), .server(1)), [0, 1]), [])
  }

  func testLastIsThoseOfOneMoment() {
    var course = FaultCourse()
    for (command, moment, victims) in [
      (FaultCommand.kill(.light), 10, [0]), (.kill(.light), 10, [3]), (.heal, 20, []),
    ] as [(FaultCommand, UInt64, [Int])] {
      course.begin(command, moment: moment)
      course.note(command, victims, situation, at: moment)
    }
    XCTAssertEqual(course.last, [0, 3])
    course.begin(.freeze(.primary), moment: 30)
    XCTAssertEqual(course.last, [])
    XCTAssertEqual(course.marks.map(\.text), ["kill light (0)", "kill light (3)", "heal"])
  }
}
