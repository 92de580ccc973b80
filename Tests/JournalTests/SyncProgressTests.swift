import XCTest

@testable import Journal

final class SyncProgressTests: XCTestCase {
  private func at(_ sector: Int) -> Position { Position(sequence: 1, sector: sector) }

  /// The pitfall: a write that ends while a sync is under way is not covered by it.
  func testASyncCoversOnlyWhatWasWrittenBefore() {
    var progress = SyncProgress(at: at(0))
    XCTAssertFalse(progress.needsSync)
    progress.wrote(through: at(3))
    XCTAssertTrue(progress.needsSync)
    progress.beginSync()
    XCTAssertTrue(progress.isSyncing)
    progress.wrote(through: at(5))
    XCTAssertFalse(progress.needsSync, "one at a time")
    XCTAssertEqual(progress.endSync(), at(3))
    XCTAssertEqual(progress.durable, at(3))
    XCTAssertTrue(progress.needsSync)
    progress.beginSync()
    XCTAssertEqual(progress.endSync(), at(5))
    XCTAssertFalse(progress.needsSync)
  }
}
