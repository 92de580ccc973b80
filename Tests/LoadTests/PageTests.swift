import Foundation
import Servers
import XCTest

@testable import Load

#if canImport(FoundationXML)
  import FoundationXML
#endif

final class PageTests: XCTestCase {
  private func result(
    pace: LoadOptions.Pace = .open(rate: 1000), host: String = "a:1", warmup: UInt64 = 0,
    intervals: [Interval]
  ) throws -> LoadResult {
    var options = LoadOptions()
    options.pace = pace
    options.fills = false
    options.warmupNanoseconds = warmup
    options.extent = .nanoseconds(VirtualRun.second)
    let run = VirtualRun(options)
    run.run()
    return LoadResult(
      engine: run.engine, hosts: [try ServerAddress(parsing: Array(host.utf8)[...])], ledger: nil,
      fileFault: nil,
      intervals: intervals, cost: OwnCosts(), serverVersion: nil)
  }

  private func second(_ end: Int, _ change: (inout Interval) -> Void = { _ in }) -> Interval {
    var interval = Interval()
    interval.end = Double(end)
    interval.length = VirtualRun.second
    interval.successes = UInt64(900 + end)
    (interval.median, interval.percentile99, interval.max) = (120_000, 1_100_000, 3_000_000)
    change(&interval)
    return interval
  }

  private func parse(_ page: String, file: StaticString = #filePath, line: UInt = #line) -> PageReader {
    let reader = PageReader()
    let parser = XMLParser(data: Data(page.utf8))
    parser.delegate = reader
    XCTAssertTrue(parser.parse(), "\(String(describing: parser.parserError))", file: file, line: line)
    return reader
  }

  func testThePageIsWellFormedAndHasEachCurve() throws {
    let seconds = [
      second(1) { $0.isWarmup = true }, second(2), second(3) { $0.errors.count(status: 503) },
      second(4) { $0.errors.count(.timeout) },
    ]
    let page = LoadReport(Circumstances(), steps: [try result(warmup: VirtualRun.second, intervals: seconds)])
      .page()
    let reader = parse(page)
    for (plot, curves) in [
      ("rate", ["target", "achieved"]), ("times", ["max", "p99", "p50"]), ("waiting", ["flight", "backlog"]),
      ("percentiles", ["reads response", "reads service", "writes response", "writes service"]),
    ] {
      for curve in curves {
        XCTAssertEqual(reader.paths["plot \(plot)"]?["curve \(curve)"]?.count, 2, "\(plot): \(curve), legend")
      }
    }
    XCTAssertEqual(reader.paths["plot errors"]?["columns kind0"]?.count, 2)
    XCTAssertEqual(reader.paths["plot errors"]?["columns kind1"]?.count, 2)
    XCTAssertTrue(reader.titles.contains("2.0–3.0 s: 903/s of 1000/s"), "\(reader.titles)")
    XCTAssertTrue(reader.titles.contains("1.0–2.0 s: p50 120 µs, p99 1.10 ms, max 3.00 ms"))
    XCTAssertTrue(reader.titles.contains("2.0–3.0 s: 503 1"))
    XCTAssertTrue(reader.titles.contains("3.0–4.0 s: timeout 1"))
    XCTAssertTrue(reader.texts.contains("warm-up"))
    XCTAssertEqual(reader.references, [], "nothing is fetched")
  }

  func testAClosedLoopHasNoServiceTimeOfItsOwn() throws {
    let closed = try result(pace: .closed, intervals: [second(1)])
    let reader = parse(LoadReport(Circumstances(), steps: [closed]).page())
    XCTAssertNotNil(reader.paths["plot percentiles"]?["curve reads response"])
    XCTAssertNil(reader.paths["plot percentiles"]?["curve reads service"])
    XCTAssertNil(reader.paths["plot rate"]?["curve target"])
    XCTAssertTrue(reader.texts.contains("none"), "no errors")
  }

  func testTextIsEscaped() throws {
    var circumstances = Circumstances()
    let odd = "<script>\"a\" & 'b'</script>\u{1}"
    circumstances.arguments = [odd]
    circumstances.cpu = "<b>&amp;"
    let step = try result(intervals: [
      second(1) { $0.cluster = Self.cluster(4, "x<y") }, second(2) { $0.cluster = Self.cluster(5, "x<y") },
    ])
    let page = LoadReport(circumstances, steps: [step]).page()
    let reader = parse(page)
    XCTAssertFalse(page.contains("<script"))
    XCTAssertTrue(reader.texts.contains("<script>\"a\" & 'b'</script>\u{FFFD}"))
    XCTAssertTrue(reader.texts.contains { $0.hasPrefix("<b>&amp;, ") })
    XCTAssertTrue(reader.texts.contains("view 5, primary x<y"))
  }

  private static func cluster(_ view: Int, _ primary: String) -> ClusterView {
    Array("{\"view\":\(view),\"primary\":\"\(primary)\"}".utf8).withUnsafeBytes { ClusterView(parsing: $0) }
  }

  /// Where a point lies tells its value again, by the numbers at the side.
  func testThePointsOfACurveAreReadBack() throws {
    let rates: [UInt64] = [0, 250, 1000, 640]
    let seconds = rates.enumerated().map { index, rate in second(index + 1) { $0.successes = rate } }
    let reader = parse(LoadReport(Circumstances(), steps: [try result(intervals: seconds)]).page())
    let ticks = try XCTUnwrap(reader.ticks["plot rate"])
    let (zero, top) = (try XCTUnwrap(ticks["0"]), try XCTUnwrap(ticks["1k"]))
    let curve = try XCTUnwrap(reader.paths["plot rate"]?["curve achieved"]?.first)
    let points = curve.split(whereSeparator: { "ML".contains($0) }).map { $0.split(separator: " ") }
    XCTAssertEqual(points.count, rates.count)
    for (point, rate) in zip(points, rates) {
      let read = try (zero - XCTUnwrap(Double(point[1]))) / (zero - top) * 1000
      XCTAssertEqual(read, Double(rate), accuracy: 1)
    }
  }

  func testASecondWithoutASuccessInterruptsTheTimes() throws {
    let seconds = [
      second(1), second(2), second(3) { ($0.successes, $0.median, $0.percentile99, $0.max) = (0, 0, 0, 0) },
      second(4),
    ]
    let reader = parse(LoadReport(Circumstances(), steps: [try result(intervals: seconds)]).page())
    let curve = try XCTUnwrap(reader.paths["plot times"]?["curve p99"]?.first)
    XCTAssertEqual(curve.filter { $0 == "M" }.count, 2)
    XCTAssertTrue(reader.titles.contains("2.0–3.0 s: no success"))
  }

  func testManySecondsAreDrawnTogetherAndNoneIsLost() throws {
    let seconds = (1...2345).map { second($0) { $0.errors.count(status: 503) } }
    let step = try result(intervals: seconds)
    let moments = try XCTUnwrap(Moment.all(of: [step]).first)
    XCTAssertLessThanOrEqual(moments.count, Moment.countMax)
    XCTAssertEqual(moments.reduce(0) { $0 + $1.successes }, seconds.reduce(0) { $0 + $1.successes })
    XCTAssertEqual(moments.reduce(0) { $0 + ($1.errors.first?.count ?? 0) }, 2345)
    XCTAssertEqual(moments.last?.end, 2345)
    for (one, next) in zip(moments, moments.dropFirst()) {
      XCTAssertEqual(one.end, next.begin, accuracy: 1e-6)
    }
  }

  func testTheRestOfASecondIsNoPointOfItsOwn() throws {
    var rest = second(2)
    (rest.end, rest.length, rest.successes) = (1.01, 10_000_000, 3)
    let moments = Moment.all(of: [try result(intervals: [second(1), rest])])[0]
    XCTAssertEqual(moments.map(\.successes), [904])
    XCTAssertEqual(moments[0].length, 1.01, accuracy: 1e-6)
  }

  func testASweepHasItsPlotWithTheKnee() throws {
    var sweep = Sweep(from: 1000, p99Max: 10_000_000)
    var steps: [LoadResult] = []
    while let rate = sweep.next {
      steps.append(try result(pace: .open(rate: rate), intervals: [second(1), second(2)]))
      sweep.take(reason: rate <= 2000 ? nil : "p99 above <10 ms>")
    }
    let reader = parse(LoadReport(Circumstances(), steps: steps, sweep: sweep).page())
    let plot = try XCTUnwrap(reader.paths["plot sweep"])
    XCTAssertEqual(plot["curve p99 thin"]?.first?.split { "ML".contains($0) }.count, steps.count)
    let held = sweep.steps.count(where: \.isHeld)
    XCTAssertEqual(plot["dots held"]?.first?.split(separator: "M").count, held)
    XCTAssertEqual(plot["dots failed"]?.first?.split(separator: "M").count, steps.count - held)
    XCTAssertEqual(plot["knee"]?.count, 1)
    XCTAssertTrue(reader.texts.contains("knee: \(try XCTUnwrap(sweep.knee))/s"))
    XCTAssertTrue(reader.texts.contains("no: p99 above <10 ms>"))
    XCTAssertTrue(reader.titles.contains { $0.hasPrefix("\(2 * steps.count - 1).0–\(2 * steps.count).0 s") })
  }

  func testAxes() {
    XCTAssertEqual(PlotAxis.counts(to: 1050).ticks.map(\.label), ["0", "500", "1k", "1.5k"])
    XCTAssertEqual(PlotAxis.counts(to: 0).high, 1)
    XCTAssertEqual(PlotAxis.seconds(to: 3).ticks.first?.label, "0 s")
    let times = PlotAxis.durations(from: 120_000, to: 3_000_000)
    XCTAssertEqual(times.ticks.map(\.label), ["100 µs", "200 µs", "500 µs", "1 ms", "2 ms", "5 ms"])
    XCTAssertEqual(times.share(100_000), 0)
    XCTAssertEqual(times.share(5_000_000), 1)
    XCTAssertEqual(times.share(1), 0, "moved to the end")
    XCTAssertEqual(
      PlotAxis.durations(from: 50_000, to: 2e9).ticks.map(\.label),
      ["100 µs", "1 ms", "10 ms", "100 ms", "1 s"])
    XCTAssertEqual(
      PlotAxis.percentiles(ofCount: 20_000).ticks.map(\.label),
      ["0", "50 %", "90 %", "99 %", "99.9 %", "99.99 %"])
  }
}

/// What a page is made of.
private final class PageReader: NSObject, XMLParserDelegate {
  /// Outlines by picture and class, in their order.
  var paths: [String: [String: [String]]] = [:]
  /// Heights of the numbers at the left side, by picture.
  var ticks: [String: [String: Double]] = [:]
  var titles: [String] = []
  var texts: [String] = []
  var references: [String] = []
  private var picture = ""
  private var current = ""
  private var height: Double?

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String] = [:]
  ) {
    current = ""
    height = nil
    references += ["src", "href"].compactMap { attributes[$0] }
    if name == "svg" { picture = attributes["class"] ?? "" }
    if name == "path", let kind = attributes["class"], let path = attributes["d"] {
      // The swatch of the legend comes after what it names.
      paths[picture, default: [:]][kind, default: []].append(path)
    }
    if name == "text", attributes["class"] == "tick y" { height = attributes["y"].flatMap(Double.init) }
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) { current += string }

  func parser(
    _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
  ) {
    if name == "title" { titles.append(current) }
    // A number stands four pixels below its line.
    if let height { ticks[picture, default: [:]][current] = height - 4 }
    texts.append(current)
    current = ""
    height = nil
  }
}
