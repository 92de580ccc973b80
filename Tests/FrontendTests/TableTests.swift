import HTTP
import XCTest

@testable import Frontend

final class TableTests: XCTestCase {
  func testDeadlinesComeInOrderOfTime() {
    var lists = DeadlineLists()
    for slot in 0..<5 { lists.begin(.request, of: slot, at: UInt64(100 + slot)) }
    lists.begin(.linger, of: 2, at: 110)
    lists.begin(.request, of: 0, at: 111)
    lists.end(of: 4)
    lists.end(of: 4)
    XCTAssertEqual(lists.longest(.request), 1)
    XCTAssertNil(lists.expired(.request, after: 50, at: 150))
    XCTAssertEqual(lists.expired(.request, after: 50, at: 151), 1)
    lists.end(of: 1)
    XCTAssertEqual(lists.expired(.request, after: 50, at: 200), 3)
    lists.end(of: 3)
    XCTAssertEqual(lists.expired(.request, after: 50, at: 200), 0)
    lists.end(of: 0)
    XCTAssertNil(lists.longest(.request))
    XCTAssertEqual(lists.longest(.linger), 2)
    XCTAssertEqual(lists.wait(of: 2), .linger)
    XCTAssertNil(lists.wait(of: 0))
  }

  func testPlacesKeepWhatTheyHoldAndLetItGo() {
    final class Held {}
    weak var last: Held?
    do {
      var places = Places<(Int, Held)>()
      for number in 0..<100 {
        places.append((number, Held()))
        places[number / 2].0 += 1000
      }
      for number in 0..<50 { XCTAssertEqual(places[number].0, number + 2000) }
      for number in 50..<100 { XCTAssertEqual(places[number].0, number) }
      last = places[99].1
      XCTAssertNotNil(last)
    }
    XCTAssertNil(last)
  }

  func testATicketEndsWithItsRequest() {
    var table = RequestTable()
    let first = table.add(.read, form: .unasked, connection: 0, started: 1)
    let ticket = table.ticket(of: first)
    XCTAssertEqual(table.index(of: ticket), first)
    table.remove(first)
    XCTAssertNil(table.index(of: ticket))
    let second = table.add(.read, form: .unasked, connection: 0, started: 2)
    XCTAssertEqual(second, first, "places are reused")
    XCTAssertNil(table.index(of: ticket))
    XCTAssertNil(table.index(of: .max))
    table.setAnswered(second)
    XCTAssertNil(table.index(of: table.ticket(of: second)), "answered once")
    XCTAssertEqual(table.waiting, 0)
  }

  func testTheOldestRequestIsFoundWhateverEnds() {
    var table = RequestTable()
    let places = (0..<6).map { table.add(.read, form: .unasked, connection: 0, started: UInt64($0)) }
    XCTAssertEqual(table.oldest(startedBy: 0), places[0])
    table.setAnswered(places[0])
    table.remove(places[3])
    table.setAnswered(places[5])
    XCTAssertNil(table.oldest(startedBy: 0))
    var order: [Int32] = []
    while let oldest = table.oldest(startedBy: 10) {
      order.append(oldest)
      table.setAnswered(oldest)
    }
    XCTAssertEqual(order, [places[1], places[2], places[4]])
  }

  func testAHistogramIsCumulative() {
    var histogram = Histogram()
    histogram.observe(50_000, count: 2)
    histogram.observe(50_001, count: 1)
    histogram.observe(6_000_000_000, count: 1)
    var text = MetricsText()
    text.histogram("kv_x_seconds", "X.", histogram)
    let lines = String(decoding: text.bytes, as: UTF8.self).split(separator: "\n")
    XCTAssertEqual(lines[2], "kv_x_seconds_bucket{le=\"0.00005\"} 2")
    XCTAssertEqual(lines[3], "kv_x_seconds_bucket{le=\"0.0001\"} 3")
    XCTAssertEqual(lines.dropLast(2).last, "kv_x_seconds_bucket{le=\"+Inf\"} 4")
    XCTAssertEqual(lines.last, "kv_x_seconds_count 4")
    XCTAssertEqual(lines[lines.count - 2], "kv_x_seconds_sum 6.000150001")
  }

  func testSecondsAndLabels() {
    XCTAssertEqual(seconds(nanoseconds: 0), "0")
    XCTAssertEqual(seconds(nanoseconds: 1_500_000_000), "1.5")
    XCTAssertEqual(seconds(nanoseconds: 1), "0.000000001")
    XCTAssertEqual(escapedLabel("a\"b\\c\nd"), "a\\\"b\\\\c\\nd")
  }
}
