import Bytes
import KVStore
import XCTest

/// Random lives of a store whose history forks: a quorum goes on with one copy, servers that are cut off keep writes
/// upon others; then all that was kept is merged.
final class ForkTests: XCTestCase {
  /// A server that is cut off: what it had executed, and what it keeps since.
  private struct Fork {
    let store: Store
    var kept: [OwnedWrite] = []

    /// What the log or the own overlay knows already is answered from there and not kept.
    mutating func keep(_ write: OwnedWrite, server: UInt8) {
      guard !store.contains(idempotencyKey: write.idempotencyKey!),
        !kept.contains(where: { $0.idempotencyKey == write.idempotencyKey })
      else { return }
      let base = last(write.key)?.identity ?? store.lastWriter(write.key)
      kept.append(write.merging(base, writtenAt: 1, server: server))
    }

    func last(_ key: [UInt8]) -> OwnedWrite? { kept.last { $0.key == key } }
  }

  private struct Life {
    var generator: Generator
    let keys: Int
    var quorum: Store
    var number = 0

    init(seed: UInt64) {
      generator = Generator(seed: seed)
      keys = 3 + generator.below(30)
      quorum = Store(seed: seed)
    }

    mutating func write(_ name: String, shared: [OwnedWrite]) -> OwnedWrite {
      if generator.isOne(in: 5), let write = shared.randomElement(using: &generator) { return write }
      number += 1
      let (key, once) = ("k\(generator.below(keys))", "\(name)\(number)")
      if generator.isOne(in: 3) { return .delete(key, idempotencyKey: once) }
      return .set(key, "\(name)-\(number)", idempotencyKey: once)
    }

    /// Keys that the quorum wrote, by its last write of each.
    mutating func goOn(_ count: Int, shared: [OwnedWrite]) -> [[UInt8]: OwnedWrite] {
      var written: [[UInt8]: OwnedWrite] = [:]
      for _ in 0..<count {
        let write = write("q", shared: shared)
        let before = quorum.counter
        quorum.executeUnwaited(write)
        if quorum.counter != before { written[write.key] = write }
      }
      return written
    }
  }

  func testWhatAQuorumWroteStaysAndTheRestIsAppliedOrListed() throws {
    var (applied, lost, known) = (0, 0, 0)
    for seed in 1...300 as ClosedRange<UInt64> {
      var life = Life(seed: seed)
      _ = life.goOn(life.generator.below(40), shared: [])
      var forks = (0..<1 + life.generator.below(2)).map { _ in Fork(store: life.quorum) }
      // Requests that clients send to both sides.
      let shared = (0..<4).map { OwnedWrite.set("k\($0)", "s", idempotencyKey: "shared\($0)") }
      let written = life.goOn(life.generator.below(30), shared: shared)
      for index in forks.indices {
        for _ in 0..<life.generator.below(20) {
          forks[index].keep(life.write("f", shared: shared), server: UInt8(index))
        }
      }
      let before = life.quorum
      var twin = try Store.restored(before.snapshot(), seed: seed &+ 99)
      for merge in interleaved(forks, &life.generator) {
        let isKnown = life.quorum.contains(idempotencyKey: merge.idempotencyKey!)
        let (counter, conflicts) = (life.quorum.counter, life.quorum.conflictCount)
        _ = life.quorum.execute(merge)
        twin.executeUnwaited(merge)
        let ends = (life.quorum.counter - counter, life.quorum.conflictCount - conflicts)
        if isKnown { known += 1 } else if ends.0 == 1 { applied += 1 } else { lost += 1 }
        XCTAssertTrue(ends == (isKnown ? (0, 0) : ends.0 == 1 ? (1, 0) : (0, 1)), "seed \(seed): \(ends)")
      }
      // Upon a write that came to both sides a fork may go on: it has seen it.
      for (key, last) in written where !shared.contains(last) {
        XCTAssertEqual(life.quorum.entry(key), before.entry(key), "seed \(seed): overwritten")
      }
      XCTAssertEqual(life.quorum.stateHash(), twin.stateHash(), "seed \(seed)")
      XCTAssertEqual(life.quorum.snapshot(), twin.snapshot(), "seed \(seed)")
      checkUntouched(forks, written, life.quorum, "seed \(seed)")
    }
    for count in [applied, lost, known] { XCTAssertGreaterThan(count, 100) }
  }

  /// The kept writes in any order that keeps each fork's own, some of them twice.
  private func interleaved(_ forks: [Fork], _ generator: inout Generator) -> [OwnedWrite] {
    var rest = forks.map { $0.kept[...] }
    var order: [OwnedWrite] = []
    while let index = rest.indices.filter({ !rest[$0].isEmpty }).randomElement(using: &generator) {
      let merge = rest[index].removeFirst()
      order += generator.isOne(in: 6) ? [merge, merge] : [merge]
    }
    return order
  }

  /// Of a lone fork: a key in whose bucket nobody wrote another, nor a quorum that one, has the fork's value.
  private func checkUntouched(
    _ forks: [Fork], _ written: [[UInt8]: OwnedWrite], _ store: Store, _ place: String
  ) {
    guard forks.count == 1 else { return }
    func bucket(_ key: [UInt8]) -> UInt64 { key.withUnsafeBytes { SipHash.hash($0) } % 1024 }
    let touched = Set(written.keys.map { bucket($0) })
    for key in Set(forks[0].kept.map(\.key)) where !touched.contains(bucket(key)) {
      if forks[0].kept.contains(where: { $0.key != key && bucket($0.key) == bucket(key) }) { continue }
      let last = forks[0].last(key)
      XCTAssertEqual(store.entry(key)?.value, last?.kind == .set ? last?.value : nil, place)
      XCTAssertFalse(store.conflicts.contains { $0.key == key }, place)
    }
  }
}
