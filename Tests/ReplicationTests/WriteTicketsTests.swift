import XCTest

@testable import Replication

final class WriteTicketsTests: XCTestCase {
  func testNumbersCountFromOneWithoutAGap() {
    var tickets = WriteTickets()
    XCTAssertEqual(tickets.next, 1)
    tickets.append(70)
    tickets.append(71)
    XCTAssertEqual(tickets.next, 3)
    XCTAssertEqual(tickets.take(2), 71)
    XCTAssertEqual(tickets.take(1), 70)
    XCTAssertEqual(tickets.next, 3)
  }

  func testEachIsTakenOnce() {
    var tickets = WriteTickets()
    tickets.append(70)
    tickets.append(71)
    XCTAssertEqual(tickets.take(2), 71)
    XCTAssertNil(tickets.take(2))
    XCTAssertEqual(tickets.take(1), 70)
    XCTAssertNil(tickets.take(1))
    XCTAssertNil(tickets.take(0))
    XCTAssertNil(tickets.take(3))
  }

  /// One write that stays open must not keep all later ones in memory for ever, nor be lost among them.
  func testAnOpenWriteOutlivesManyOthers() {
    var tickets = WriteTickets()
    tickets.append(0)
    for number in UInt64(2)...20_000 {
      tickets.append(number)
      XCTAssertEqual(tickets.take(number), number)
    }
    XCTAssertEqual(tickets.take(1), 0)
    XCTAssertEqual(tickets.spread, 0)
    XCTAssertEqual(tickets.next, 20_001)
    tickets.append(9)
    XCTAssertEqual(tickets.take(20_001), 9)
  }

  func testRandomOrderOfAnswers() {
    var tickets = WriteTickets()
    var open: [UInt64: UInt64] = [:]
    var generator = SystemRandomNumberGenerator()
    for step in 0..<50_000 {
      if open.count < 100 || generator.next() % 2 == 0 {
        open[tickets.next] = UInt64(step)
        tickets.append(UInt64(step))
      } else if let number = open.keys.randomElement() {
        XCTAssertEqual(tickets.take(number), open.removeValue(forKey: number))
      }
    }
    for (number, ticket) in open { XCTAssertEqual(tickets.take(number), ticket) }
    XCTAssertEqual(tickets.spread, 0)
  }
}
