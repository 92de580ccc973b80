import Bytes
import VSR
import Wire

/// Where a capsule lies in memory, so that whoever knows the address can write it out: also a handler of a signal,
/// that may allocate nothing. In the order of the file; the gap only where events are missing.
package struct CapsuleRegions {
  package struct Region {
    package let base: UnsafeMutableRawPointer
    fileprivate let capacity: Int
    package fileprivate(set) var count = 0

    fileprivate init(_ capacity: Int) {
      base = .allocate(byteCount: capacity, alignment: 8)
      self.capacity = capacity
    }

    fileprivate func hasRoom(for more: Int) -> Bool { count + more <= capacity }

    fileprivate mutating func append(_ bytes: [UInt8]) {
      bytes.withUnsafeBytes { (base + count).copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
      count += bytes.count
    }
  }

  /// The beginning, and what came first.
  package fileprivate(set) var head: Region
  package fileprivate(set) var gap: Region
  /// What came last: while one fills, the other holds what came before it.
  package fileprivate(set) var older: Region
  package fileprivate(set) var newer: Region
}

/// The core's inputs, in bounded memory: all since the start while they fit, then also the last ones. What is whole
/// can be stepped through again; a replica's state is not kept, for it is as large as the store.
package final class CapsuleRing {
  package static let bytesMax = 1 << 30
  /// For as long as the process lasts.
  package let regions: UnsafeMutablePointer<CapsuleRegions>
  private var scratch: [UInt8] = []
  private var missing: UInt64 = 0
  private var olderCount: UInt64 = 0
  private var newerCount: UInt64 = 0
  private var isHeadFull = false

  /// `bytes`: for events; what the replica begins with comes on top. Nil: that is larger than `bytes`, as its store
  /// is.
  package init?(bytes: Int, start: CapsuleStart) {
    precondition(1...CapsuleRing.bytesMax ~= bytes)
    if let snapshot = start.restored.snapshot, snapshot.store.bytes + snapshot.store.outcomeBytes > bytes {
      return nil
    }
    scratch.put(start)
    regions = .allocate(capacity: 1)
    regions.initialize(
      to: CapsuleRegions(
        head: .init(scratch.count + bytes / 2), gap: .init(capsuleGapBytes), older: .init(bytes / 4),
        newer: .init(bytes / 4)))
    regions.pointee.head.append(scratch)
  }

  package func record(_ event: Event) {
    scratch.removeAll(keepingCapacity: true)
    scratch.put(event: event)
    if !isHeadFull {
      if regions.pointee.head.hasRoom(for: scratch.count) { return regions.pointee.head.append(scratch) }
      isHeadFull = true
    }
    if !regions.pointee.newer.hasRoom(for: scratch.count) { turn() }
    guard regions.pointee.newer.hasRoom(for: scratch.count) else {
      // Longer than a half: nothing of what was before it follows on.
      turn()
      turn()
      return miss(1)
    }
    regions.pointee.newer.append(scratch)
    newerCount += 1
  }

  /// The older half makes way.
  private func turn() {
    miss(olderCount)
    let emptied = regions.pointee.older
    regions.pointee.older = regions.pointee.newer
    regions.pointee.newer = emptied
    regions.pointee.newer.count = 0
    (olderCount, newerCount) = (newerCount, 0)
  }

  private func miss(_ count: UInt64) {
    guard count > 0 else { return }
    missing += count
    var gap: [UInt8] = []
    gap.put(capsuleGap: missing)
    regions.pointee.gap.count = 0
    regions.pointee.gap.append(gap)
  }
}
