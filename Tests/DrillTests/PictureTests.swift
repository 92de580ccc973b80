import Faults
import Foundation
import XCTest

@testable import Drill

#if canImport(FoundationXML)
  import FoundationXML
#endif

final class PictureTests: XCTestCase {
  private let second: UInt64 = 1_000_000_000

  private func record(seconds: Int) -> FaultRecord {
    var record = FaultRecord(serverCount: 2, begins: second, ends: second * UInt64(seconds + 1))
    for cell in 0..<(seconds * 20) {
      let time = second + UInt64(cell) * Timeline.cellNanoseconds + 1
      for server in 0..<2 {
        let kind: Sighting.Kind = cell == 7 && server == 0 ? .refused : cell % 2 == 0 ? .read : .write
        record.sightings.append(Sighting(asked: time - 1, ended: time, server: server, kind: kind))
      }
    }
    record.marks = [
      FaultMark(at: 2 * second, "cut 0 -> 1 & <more>", isFault: true, servers: [0]),
      FaultMark(at: 3 * second, "heal", isFault: false, servers: []),
    ]
    record.views = [ViewMark(at: 2 * second + 1, epoch: 1, view: 3, primary: 1)]
    record.wrongs = [WrongAnswer(kind: .outOfDate, at: 2 * second, operation: 0)]
    return record
  }

  func testCellsAreFiftyMilliseconds() {
    let timeline = Timeline(record(seconds: 4))
    XCTAssertEqual(timeline.cellCount, 80)
    XCTAssertEqual(timeline.lanes[0][7].refused, 1)
    XCTAssertEqual(timeline.lanes[0][7].writes, 0)
    XCTAssertEqual(timeline.lanes[1][7].writes, 1)
    XCTAssertEqual(timeline.lanes[2][20].wrong, 1)
    XCTAssertEqual(timeline.troubles, [[20..<40], []], "until it is healed")
    XCTAssertEqual(timeline.fullCount, 1)
  }

  func testThePictureIsWholeXML() throws {
    for seconds in [4, 61, 130] {
      var picture = TimelinePicture(Timeline(record(seconds: seconds)), names: ["a", "b"])
      let text = picture.draw()
      let names = Names()
      let parser = XMLParser(data: Data(text.utf8))
      parser.delegate = names
      XCTAssertTrue(parser.parse(), "\(String(describing: parser.parserError))")
      XCTAssertEqual(names.classes["refused"], 2, "the legend's, and one in its lane")
      XCTAssertEqual(names.classes["fault"], 1)
      XCTAssertEqual(names.classes["wrong"], 2)
      XCTAssertGreaterThanOrEqual(names.classes["axis"] ?? 0, 3 * ((seconds + 59) / 60))
    }
  }
}

private final class Names: NSObject, XMLParserDelegate {
  var classes: [String: Int] = [:]

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String] = [:]
  ) {
    if let kind = attributes["class"] { classes[kind, default: 0] += 1 }
  }
}
