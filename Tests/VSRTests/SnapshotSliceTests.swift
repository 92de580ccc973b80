import Bytes
import Foundation
import KVStore
import XCTest

@testable import VSR

/// What large snapshots cost is done a bounded piece at a time.
final class SnapshotSliceTests: XCTestCase {
  /// More keys than are sorted for one request: the parts come as they are made.
  func testALearnerGetsASnapshotThatIsStillBeingMade() throws {
    var options = Options()
    options.snapshotOps = 64
    options.retainedOps = 1
    let cluster = TestCluster(3, options: options)
    cluster.tick(until: { cluster.isSettled })
    let primary = try XCTUnwrap(cluster.primary)
    for start in stride(from: 0, to: 12_000, by: 100) {
      for number in start..<start + 100 { cluster.write(primary, "key\(number)", "value\(number)") }
      cluster.run()
    }
    let learner = (primary + 1) % 3
    var waits = 0
    cluster.delivers = { _, to, message in
      if to == learner, case .snapshotChunk = message.payload {
        waits += cluster.live.filter(\.snapshots.hasWork).count
      }
      return true
    }
    cluster.start(learner)
    cluster.tick(until: { cluster.replicas[learner]?.counters.snapshotsInstalled == 1 && cluster.isSettled })
    XCTAssertGreaterThan(waits, 0, "the snapshot was made in one piece")
    var hashes: Set<Digest> = []
    for replica in cluster.live {
      var store = replica.store
      hashes.insert(store.stateHash())
    }
    XCTAssertEqual(hashes.count, 1)
  }

  /// A replaced snapshot asks for slices until its memory is free. `TURN_MEASURE=1` prints what they cost.
  func testAReplacedSnapshotGoesSliceBySlice() {
    let isMeasuring = ProcessInfo.processInfo.environment["TURN_MEASURE"] != nil
    let keys = isMeasuring ? 48_000 : 4 * RetiredStores.blocksPerSlice
    var store = Store(hashKey: HashKey(3, 4))
    store.rewrite(keys, with: 1)
    var keeper = SnapshotKeeper(saved: state(store, at: 1))
    store.rewrite(keys, with: 2)
    keeper.pending = (state(store, at: 2), false)
    let atOnce = processorTime { keeper.save() }
    XCTAssertEqual(keeper.saved?.op, 2)
    XCTAssertTrue(keeper.hasWork)
    var slices: [Double] = []
    while keeper.hasWork, slices.count <= keys { slices.append(processorTime { keeper.workASlice() }) }
    XCTAssertGreaterThanOrEqual(slices.count, 4)
    XCTAssertLessThan(slices.count, 8 + keys / 100)
    if isMeasuring {
      keeper = SnapshotKeeper(saved: nil)
      var copy: Store? = store
      store.rewrite(keys, with: 3)
      let whole = processorTime { copy = nil }
      XCTAssertNil(copy)
      print("\(store.bytes) bytes, \(slices.count) slices, longest \(slices.max() ?? 0) ms of processor time")
      print("save \(atOnce) ms; a copy dropped in one piece \(whole) ms")
      measureParts(state(store, at: 3))
    }
  }

  private func measureParts(_ state: SnapshotState) {
    var keeper = SnapshotKeeper(saved: state)
    var offset: UInt64 = 0
    var longest = 0.0
    var isLast = false
    while !isLast {
      var part: (bytes: [UInt8], isLast: Bool)?
      longest = max(longest, processorTime { part = keeper.part(at: offset, for: 1) })
      while part == nil, keeper.takeReady().isEmpty {
        longest = max(longest, processorTime { keeper.workASlice() })
      }
      offset += UInt64(part?.bytes.count ?? 0)
      isLast = part?.isLast ?? false
    }
    print("parts of \(offset) bytes: longest \(longest) ms")
  }

  private func state(_ store: Store, at op: Op) -> SnapshotState {
    SnapshotState(op: op, digest: .zero, epoch: .none, store: store)
  }

  /// Of this thread, milliseconds.
  private func processorTime(_ body: () -> Void) -> Double {
    var start = timespec()
    var end = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start)
    body()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end)
    return Double(end.tv_sec - start.tv_sec) * 1e3 + Double(end.tv_nsec - start.tv_nsec) / 1e6
  }
}

extension Store {
  fileprivate mutating func rewrite(_ keys: Int, with byte: UInt8) {
    let value = [UInt8](repeating: byte, count: 1300)
    var outcomes = Outcomes()
    for number in 0..<keys {
      Array("key-\(number)".utf8).withUnsafeBytes { key in
        value.withUnsafeBytes { value in
          execute(Write(set: key, to: value), identity: .zero, ticket: nil, into: &outcomes)
        }
      }
    }
  }
}
