import Journal
import XCTest

@testable import Simulator

final class FilesTests: XCTestCase {
  private let page = [UInt8](repeating: 1, count: SimulatedFile.pageSize)

  func testAProcessReadsWhatItWrote() {
    var files = SimulatedFiles()
    files.perform(.create(.meta, [1, 2, 3]))
    files.perform(.write(.meta, offset: 1, [9]))
    XCTAssertEqual(files.file(.meta)?.contents, [1, 9, 3])
    XCTAssertEqual(files.file(.meta)?.device, [])
    files.perform(.sync(.meta))
    XCTAssertEqual(files.file(.meta)?.device, [1, 9, 3])
  }

  func testASyncCoversWhatWasWrittenBeforeItsMoment() {
    var files = SimulatedFiles()
    files.perform(.create(.meta, [1]))
    let moment = files.moment
    files.perform(.write(.meta, offset: 1, [2]))
    files.sync(.meta, through: moment)
    XCTAssertEqual(files.file(.meta)?.device, [1])
    XCTAssertEqual(files.file(.meta)?.contents, [1, 2])
  }

  /// A later sector may stay while an earlier is lost, and a whole page goes or stays in some crashes.
  func testACrashKeepsAnySubsetOfWhatIsNotSynced() {
    var patterns: Set<[Bool]> = []
    for seed in 1...300 as ClosedRange<UInt64> {
      var random = Random(seed: seed, stream: .disk)
      var files = SimulatedFiles()
      files.perform(.create(.segment(1), [UInt8](repeating: 0, count: 3 * 512)))
      files.perform(.sync(.segment(1)))
      files.perform(.syncDirectory)
      for sector in 0..<3 {
        files.perform(.write(.segment(1), offset: sector * 512, Array(page[..<512])))
      }
      files.crash(&random)
      let bytes = files.file(.segment(1))!.contents
      patterns.insert((0..<3).map { bytes[$0 * 512] == 1 && bytes[$0 * 512 + 511] == 1 })
      for sector in 0..<3 { XCTAssertEqual(bytes[sector * 512], bytes[sector * 512 + 511], "torn sector") }
    }
    XCTAssertEqual(patterns.count, 8)
  }

  func testNamesAreDurableOnceTheDirectoryIs() {
    var outcomes: Set<[String]> = []
    for seed in 1...200 as ClosedRange<UInt64> {
      var random = Random(seed: seed, stream: .disk)
      var files = SimulatedFiles()
      files.perform(.create(.meta, [1]))
      files.perform(.sync(.meta))
      files.perform(.syncDirectory)
      files.perform(.create(.metaDraft, [2]))
      files.perform(.sync(.metaDraft))
      files.perform(.rename(.metaDraft, to: .meta))
      XCTAssertEqual(files.names, [.meta])
      files.crash(&random)
      outcomes.insert(files.names.map { "\($0.name) \(files.file($0)!.contents)" })
    }
    // Never without one: the old or the new, and perhaps the draft.
    XCTAssertTrue(outcomes.contains(["meta [1]"]))
    XCTAssertTrue(outcomes.contains(["meta [2]"]))
    XCTAssertTrue(outcomes.allSatisfy { $0.contains { $0.hasPrefix("meta [") } })
  }
}
