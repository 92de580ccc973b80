import HTTP
import XCTest

@testable import Load

final class RequirementTests: XCTestCase {
  /// A thousand reads in one second, of 1 ms to 1 s; ten more are refused.
  private func result(_ change: (inout LoadOptions) -> Void = { _ in }) -> LoadResult {
    var options = LoadOptions()
    options.pace = .open(rate: 1010)
    options.readsPercent = 100
    options.fills = false
    options.connections = 1
    options.pipeline = 1010
    options.extent = .nanoseconds(VirtualRun.second)
    change(&options)
    let engine = LoadEngine(options, hosts: 1, ledger: nil, file: nil, at: VirtualRun.second)
    engine.connectionOpened(0)
    engine.advance(at: VirtualRun.second)
    var requests: [LoadRequest] = []
    while let (_, request) = engine.assign(lane: 0, at: 2 * VirtualRun.second) { requests.append(request) }
    XCTAssertEqual(requests.count, 1010)
    for (number, request) in requests.enumerated() {
      let body = engine.keys.text(of: request.key) + Array("=x".utf8)
      body.withUnsafeBytes {
        var response = Response(status: number < 1000 ? 200 : 503, keepsAlive: true)
        response.body = $0
        let time = UInt64(number + 1) * VirtualRun.millisecond
        _ = engine.answered(0, request, response, at: request.intended + time)
      }
    }
    engine.advance(at: 3 * VirtualRun.second)
    engine.advance(at: 3 * VirtualRun.second)
    return LoadResult(
      engine: engine, hosts: [], ledger: nil, fileFault: nil, intervals: [], cost: OwnCosts(),
      serverVersion: nil)
  }

  private func failure(_ text: String, _ result: LoadResult) throws -> String? {
    try Requirement(parsing: text).failure(in: result)
  }

  func testWhatIsMetAndWhatIsNot() throws {
    let result = result()
    for text in [
      "p50<501ms", "p50 >= 499ms", "p99<1s", "p99.9<=1s", "p99.99<1.01s", "max<=1000ms", "reads.max>999ms",
      "reads.p90<901000us", "p90<901000µs", "errors<1%", "errors<=10", "errors<11", "labelled<1",
      "reads.labelled<=0%", "rate>400", "writes.rate<1", "gap<2s",
    ] { XCTAssertNil(try failure(text, result), text) }
    for text in [
      "p50<499ms", "p99>1s", "max<1ms", "max<1000ms", "reads.p90<90ms", "errors<0.9%", "errors<10",
      "labelled>0", "rate>1000", "writes.rate>0",
    ] { XCTAssertNotNil(try failure(text, result), text) }
    XCTAssertEqual(try failure("errors<10", result), "NOT MET: errors<10: it was 10")
    XCTAssertEqual(try failure("errors<0.9%", result), "NOT MET: errors<0.9%: it was 0.990 %")
    XCTAssertEqual(try failure("max<1ms", result), "NOT MET: max<1ms: it was 1.00 s")
    XCTAssertEqual(try failure("writes.p50<1s", result), "NOT MET: writes.p50<1s: there was no success")
    XCTAssertEqual(
      try Requirement(parsing: "rate>1").failure(in: nil), "NOT MET: rate>1: there is no run to judge")
  }

  func testWhatCannotBeUnderstood() {
    for text in [
      "", "p99", "p99<", "<5ms", "p99<5", "p99<5%", "p98<5ms", "p99<5ms<6ms", "p99=5ms", "p99<-5ms", "p99<ms",
      "p99<5min", "rate>5ms", "rate>5%", "errors<5ms", "reads.errors<5", "writes.reads.p50<1s", "gap<1",
      "all.p50<1s", "p99<.5ms", "p99<1.2.3ms", "p99<<5ms", "P99<5ms",
    ] { XCTAssertThrowsError(try Requirement(parsing: text), text) }
  }

  func testTimes() {
    XCTAssertEqual(Requirement.nanoseconds("10ms"), 10_000_000)
    XCTAssertEqual(Requirement.nanoseconds("1.5us"), 1500)
    XCTAssertEqual(Requirement.nanoseconds("2s"), 2_000_000_000)
    for text in ["", "10", "10%", "ms", "99999999999999999999s"] {
      XCTAssertNil(Requirement.nanoseconds(text))
    }
  }
}
