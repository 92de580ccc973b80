import Foundation
import XCTest

@testable import Load

final class FiguresTests: XCTestCase {
  func testDurations() {
    let samples: [(UInt64, String)] = [
      (0, "0"), (512, "0.51 µs"), (9_994, "9.99 µs"), (12_345, "12.3 µs"), (812_000, "812 µs"),
      (1_204_000, "1.20 ms"), (999_400_000, "999 ms"), (1_000_000_000, "1.00 s"), (75_250_000_000, "75.3 s"),
    ]
    for (nanoseconds, text) in samples { XCTAssertEqual(Figures.duration(nanoseconds), text) }
  }

  func testNumbers() {
    XCTAssertEqual(Figures.fixed(3.14159, digits: 2), "3.14")
    XCTAssertEqual(Figures.fixed(2.005, digits: 1), "2.0")
    XCTAssertEqual(Figures.fixed(0.06, digits: 2), "0.06")
    XCTAssertEqual(Figures.fixed(-1.5, digits: 1), "-1.5")
    XCTAssertEqual(Figures.fixed(-0.01, digits: 1), "0.0")
    XCTAssertEqual(Figures.fixed(1234.5, digits: 0), "1235")
    XCTAssertEqual(Figures.bytes(999), "999 B")
    XCTAssertEqual(Figures.bytes(1_250_000), "1.25 MB")
    XCTAssertEqual(Figures.padded("ab", 4) + Figures.padded("ab", -4) + "|", "  abab  |")
  }

  func testPercentilesAreNearTheTruth() {
    var latencies = Latencies()
    for value: UInt64 in 1...100_000 { latencies.record(value * 1000) }
    for percent in [50.0, 90, 99, 99.9, 99.99] {
      let truth = percent * 1e6
      XCTAssertEqual(Double(latencies.percentile(percent)), truth, accuracy: truth / 1000)
    }
    XCTAssertEqual(latencies.max, 100_000_000)
    latencies.record(.max)
    XCTAssertEqual(latencies.max, Latencies.max, "counted, however long")
  }

  func testErrorsAreNamedAndCounted() {
    var errors = ErrorCounts()
    for status: UInt16 in [504, 503, 503] { errors.count(status: status) }
    errors.count(.timeout)
    errors.count(.unsent, 3)
    XCTAssertEqual(
      errors.named.map { "\($0.name):\($0.count)" }, ["503:2", "504:1", "timeout:1", "unsent:3"])
    XCTAssertEqual(errors.total, 7)
    XCTAssertEqual(errors[status: 503], 2)
    XCTAssertEqual(errors[status: 500], 0)
  }

  func testJSONIsReadByAnotherReader() throws {
    var json = JSONWriter()
    json.object { json in
      json.member("text", "a\"b\\c\nd\u{1}ü")
      json.member("number", UInt64.max / 4)
      json.member("share", 0.25, digits: 2)
      json.member("yes", true)
      json.name("list")
      json.array { json in
        json.value(1)
        json.object { _ in }
        json.array { _ in }
        json.value("x")
      }
    }
    let read = try JSONSerialization.jsonObject(with: Data(json.text.utf8)) as? NSDictionary
    XCTAssertEqual(
      read,
      [
        "text": "a\"b\\c\nd\u{1}ü", "number": UInt64.max / 4, "share": 0.25, "yes": true,
        "list": [1, [String: Int](), [Int](), "x"] as [Any],
      ] as NSDictionary)
  }

  func testTheStatusIsRead() {
    func view(_ text: String) -> ClusterView {
      Array(text.utf8).withUnsafeBytes { ClusterView(parsing: $0) }
    }
    let whole = view(#"{"id":"a:1","view":12,"role":"backup","primary":"b:2","peers":[{"id":"b:2"}]}"#)
    XCTAssertEqual(whole.view, 12)
    XCTAssertEqual(whole.primary, "b:2")
    let none = view(#"{"role":"view","view" : 3 , "primary": null}"#)
    XCTAssertEqual(none.view, 3)
    XCTAssertNil(none.primary)
    XCTAssertNil(view("nonsense").view)
  }

  func testABottleneckIsSaid() {
    var costs = OwnCosts()
    costs.elapsed = 1000
    costs.cpu = 500
    XCTAssertNil(costs.bottleneck)
    costs.cpu = 950
    XCTAssertEqual(costs.bottleneck, "it used 95 % of a processor")
    costs.cpu = 10
    costs.lagTotal = 100
    XCTAssertEqual(costs.bottleneck, "its loop was late for 10 % of the time")
  }

  func testTheLineOfASecond() {
    var options = LoadOptions()
    options.pace = .open(rate: 500)
    var interval = Interval()
    interval.end = 3
    interval.length = 1_000_000_000
    interval.successes = 498
    interval.median = 120_000
    interval.percentile99 = 1_100_000
    interval.max = 3_000_000
    interval.errors.count(status: 503)
    interval.inFlight = 1
    interval.backlog = 2
    let cluster = Array(#"{"view":4,"primary":"a:1"}"#.utf8).withUnsafeBytes { ClusterView(parsing: $0) }
    XCTAssertEqual(
      LiveLine(options).text(interval, cluster, .loading),
      "3 s  target 500/s  achieved 498/s  p50 120 µs  p99 1.10 ms  max 3.00 ms  503:1  in flight 1  backlog 2  "
        + "view 4 primary a:1")
    XCTAssertEqual(
      LiveLine(options).text(Interval(), nil, .filling), "filling  achieved 0/s  in flight 0  view ?")
  }
}
