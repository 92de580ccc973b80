import Faults
import XCTest

final class FaultTableTests: XCTestCase {
  private let millisecond: UInt64 = 1_000_000

  /// Two servers that answer every 10 ms for two seconds, but server 0 not from 500 to 900, when it is killed.
  private func record() -> FaultRecord {
    var record = FaultRecord(serverCount: 2, begins: 0, ends: 2_000 * millisecond)
    for time in stride(from: UInt64(0), to: 2_000, by: 10) {
      for server in 0..<2 {
        let isDown = server == 0 && (500..<900).contains(time)
        for kind in [Sighting.Kind.read, .write] {
          // Writes at the other one wait for 120 ms, from the fault on.
          if server == 1, kind == .write, (500..<620).contains(time) { continue }
          let sighting = Sighting(
            asked: time * millisecond, ended: (time + 1) * millisecond, server: server,
            kind: isDown ? .unreachable : kind)
          record.sightings.append(sighting)
        }
      }
    }
    record.sightings.append(
      Sighting(asked: 505 * millisecond, ended: 610 * millisecond, server: 1, kind: .refused))
    for time in [100, 700, 1_900] as [UInt64] {
      record.sightings.append(
        Sighting(asked: (time - 5) * millisecond, ended: time * millisecond, server: -1, kind: .read))
    }
    record.marks = [
      FaultMark(at: 500 * millisecond, "kill 0", isFault: true, servers: [0]),
      FaultMark(at: 880 * millisecond, "start 0", isFault: false, servers: [0]),
      FaultMark(at: 1_500 * millisecond, "cut 0 1", isFault: true, servers: []),
      FaultMark(at: 1_501 * millisecond, "cut 1 0", isFault: true, servers: []),
    ]
    record.views = [ViewMark(at: 600 * millisecond, epoch: 1, view: 1, primary: 1)]
    record.wrongs = [
      WrongAnswer(kind: .outOfDate, at: 700 * millisecond, operation: 0),
      WrongAnswer(kind: .lost, at: 2_100 * millisecond, operation: 0),
    ]
    return record
  }

  /// On machines one fault takes a second to be done, and the next of its moment begins then.
  func testFaultsOfOneMomentAreOneHoweverLongTheyTake() {
    var record = record()
    record.marks = [
      FaultMark(at: 500 * millisecond, "kill 0", isFault: true, servers: [0], moment: 400),
      FaultMark(at: 1_500 * millisecond, "kill 1", isFault: true, servers: [1], moment: 400),
      FaultMark(at: 1_900 * millisecond, "freeze 1", isFault: true, servers: [1], moment: 1_700),
    ]
    let table = FaultTable(record)
    XCTAssertEqual(table.rows.map(\.text), ["(no fault yet)", "kill 0, kill 1", "freeze 1"])
    XCTAssertEqual(table.rows.map(\.hit), [[], [0, 1], [1]])
  }

  func testEachFaultHasItsRow() {
    let table = FaultTable(record())
    XCTAssertEqual(table.rows.map(\.text), ["(no fault yet)", "kill 0", "cut 0 1, cut 1 0"])
    let killed = table.rows[1]
    XCTAssertEqual(killed.hit, [0])
    XCTAssertEqual(killed.answersAgain, [401 * millisecond, 121 * millisecond])
    XCTAssertEqual(killed.writeGaps.nobody, 130 * millisecond, "from 491 to 621")
    XCTAssertEqual(killed.writeGaps.others, 130 * millisecond)
    XCTAssertEqual(killed.readGaps.nobody, 10 * millisecond)
    XCTAssertEqual(killed.readGaps.others, 10 * millisecond)
    XCTAssertEqual(killed.clientGap, 600 * millisecond)
    XCTAssertEqual(killed.counts.refused, 1)
    XCTAssertEqual(killed.counts.unreachable, 80)
    XCTAssertEqual(killed.counts.views, 1)
    XCTAssertEqual(killed.counts.outOfDate, 1)
    XCTAssertEqual(table.rows[2].counts.lost, 1, "what the final reads find belongs to the last row")
    XCTAssertEqual(table.total.violations, 2)
    XCTAssertEqual(table.total.reads, 363)
  }

  func testAGapThatLastsCountsToTheRowsEnd() {
    var record = record()
    record.sightings.removeAll { $0.ended > 1_600 * 1_000_000 }
    XCTAssertEqual(FaultTable(record).rows[2].readGaps.nobody, 409 * 1_000_000)
    XCTAssertEqual(FaultTable(record).rows[2].answersAgain, [1_000_000, 1_000_000])
  }

  func testTheTextHasALineARow() {
    let lines = FaultTable(record()).text.split(separator: "\n")
    XCTAssertEqual(lines.count, 2 + 3 + 1)
    XCTAssertTrue(lines[3].contains("kill 0") && lines[3].contains("401*"), "\(lines[3])")
  }
}
