import Journal
import XCTest

@testable import Disk

final class SegmentKeeperTests: XCTestCase {
  private var keeper = SegmentKeeper(layout: smallLayout, first: 1, snapshot: 10)

  private func save(_ op: UInt64, floor: UInt64) -> [DiskStep] {
    let steps = keeper.naming(op)
    keeper.saved(op, floor: floor)
    return steps
  }

  func testOneSuperfluousSegmentIsKept() {
    XCTAssertEqual(
      save(20, floor: 4), [.rename(.snapshotDraft, to: .snapshot(20)), .syncDirectory])
    let work = keeper.recycle(through: 15)
    XCTAssertEqual(work?.steps, [.remove(.snapshot(10)), .remove(.segment(2)), .remove(.segment(3))])
    XCTAssertEqual(work?.floor, 4)
    XCTAssertNil(keeper.recycle(through: 15), "once")
  }

  /// Nobody asked for the removals before the next one came: they are not forgotten.
  func testTwoSnapshotsBeforeRecycling() {
    _ = save(20, floor: 2)
    _ = save(30, floor: 3)
    XCTAssertEqual(
      keeper.recycle(through: 30)?.steps,
      [.remove(.snapshot(10)), .remove(.snapshot(20)), .remove(.segment(2))])
  }

  func testOneThatIsBeingNamedStays() {
    _ = save(20, floor: 1)
    _ = keeper.naming(30)
    XCTAssertEqual(keeper.recycle(through: 20)?.steps, [.remove(.snapshot(10))])
    keeper.saved(30, floor: 1)
    XCTAssertEqual(keeper.recycle(through: 30)?.steps, [.remove(.snapshot(20))])
  }

  func testOneThatGoesBackRemovesTheLater() {
    XCTAssertEqual(
      save(5, floor: 1),
      [.rename(.snapshotDraft, to: .snapshot(5)), .syncDirectory, .remove(.snapshot(10)), .syncDirectory])
    XCTAssertEqual(keeper.recycle(through: 5)?.steps, [])
  }
}
