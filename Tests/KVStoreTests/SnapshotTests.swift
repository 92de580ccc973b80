import Bytes
import KVStore
import XCTest

final class SnapshotTests: XCTestCase {
  /// A store with a bit of everything.
  private func sample(seed: UInt64 = 1) -> Store {
    var store = Store(Limits(storeBytes: 100_000, outcomes: 6, outcomeBytes: 10_000), seed: seed)
    for number in 0..<20 {
      _ = store.execute(.set("key\(number)", String(repeating: "v", count: number * 7)))
    }
    for number in 0..<8 { _ = store.execute(.set("t", "\(number)", idempotencyKey: "\(1000 + number)-x")) }
    _ = store.execute(.delete("key3", idempotencyKey: "free"))
    _ = store.execute(.set("key4", "", idempotencyKey: "failed").noneMatching(.any))
    store.forgetDeletes(Digest(low: 3, high: 4))
    for number in 6..<9 { _ = store.execute(.delete("key\(number)"), identity: Digest(low: 5, high: 6)) }
    for (server, key) in ["t", "key3", "key5"].enumerated() {
      let write = OwnedWrite.set(key, "lost \(key)", idempotencyKey: "\(2000 + server)-m")
      _ = store.execute(write.merging(.zero, writtenAt: 1 << UInt64(server * 20), server: UInt8(server)))
    }
    _ = store.execute(.delete("t", idempotencyKey: "m").merging(.zero, writtenAt: 9))
    return store
  }

  func testSlicesOfAnySize() throws {
    var store = sample()
    let snapshot = store.snapshot()
    for sliceBytes in [1, 2, 7, 100, 1 << 20] {
      XCTAssertEqual(store.snapshot(sliceBytes: sliceBytes), snapshot)
      var restored = try Store.restored(snapshot, sliceBytes: sliceBytes)
      XCTAssertEqual(restored.stateHash(), store.stateHash())
      XCTAssertEqual(restored.snapshot(), snapshot)
    }
  }

  func testEmptyStore() throws {
    let store = Store()
    let restored = try Store.restored(store.snapshot(sliceBytes: 1), sliceBytes: 1)
    XCTAssertEqual(restored.limits, Limits())
    XCTAssertEqual(restored.lineage, 7)
    XCTAssertEqual(restored.snapshot(), store.snapshot())
  }

  func testTheFormStays() {
    var store = Store(Limits(storeBytes: 200, outcomes: 1, outcomeBytes: 127))
    _ = store.execute(.set("k", "v"), identity: Digest(low: 1, high: 2))
    _ = store.execute(.set("k", "w", idempotencyKey: "5-x"))
    _ = store.execute(.delete("k", idempotencyKey: "6-x"))
    _ = store.execute(.set("a", "b"), identity: Digest(low: 1, high: 2))
    let expected: [UInt8] =
      [0x51, 0x4b, 0x53, 0x32, 0xc8, 1, 1, 127, 7, 0, 0, 0, 0, 0, 0, 0, 4, 2, 1, 5, 1, 1, 0, 1, 0, 0]
      + [4, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0x61, 1, 0x62] + [2]
    let snapshot = store.snapshot()
    XCTAssertEqual(Array(snapshot.prefix(expected.count)), expected)
    let outcome: [UInt8] = [3, 0x36, 0x2d, 0x78, 10, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0x77]
    XCTAssertEqual(Array(snapshot[(expected.count + 16)...].prefix(outcome.count)), outcome)
    let removal: [UInt8] = [0xad, 1] + Self.identity("6-x")
    XCTAssertEqual(
      Array(snapshot[(expected.count + 16 + outcome.count)...].prefix(removal.count)), removal)
    XCTAssertEqual(snapshot.count, expected.count + 16 + outcome.count + removal.count + 16)
  }

  private static func identity(_ key: String) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.put(OwnedWrite.delete("k", idempotencyKey: key).identity)
    return bytes
  }

  func testTheFormOfConflictsStays() {
    var store = Store(Limits(storeBytes: 200, outcomes: 0, outcomeBytes: 0))
    store.forgetDeletes(Digest(low: 1, high: 2))
    _ = store.execute(.set("k", "v"), identity: Digest(low: 1, high: 2))
    _ = store.execute(.set("k", "w", idempotencyKey: "a").merging(.zero, writtenAt: 300, server: 4))
    _ = store.execute(.delete("n", idempotencyKey: "b").merging(.zero, writtenAt: 0, server: 5))
    let marker: [UInt8] = [1, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]
    let identity = marker.dropFirst()
    let header: [UInt8] =
      [0x51, 0x4b, 0x53, 0x32, 0xc8, 1, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 1, 0] + marker + [0, 2, 2]
    let expected =
      header + [1] + identity + [1, 0x6b, 1, 0x76]
      + Self.identity("a") + [0xac, 2, 4, 0, 3, 1, 0x6b, 1, 0x77, 1, 0x76]
      + Self.identity("b") + [0, 5, 0, 0, 1, 0x6e]
    XCTAssertEqual(Array(store.snapshot().dropLast(16)), expected)
  }

  /// As a server wrote it before there were merges: limits, lineage, counter, outcomes; one entry, one outcome.
  func testTheFormBeforeMergesIsRead() throws {
    let entry: [UInt8] = [4, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0x61, 1, 0x62]
    let write = OwnedWrite.delete("k", idempotencyKey: "6-x")
    var store = Store(Limits(storeBytes: 200, outcomes: 1, outcomeBytes: 127))
    _ = store.execute(.set("k", "v"))
    _ = store.execute(.set("k", "w", idempotencyKey: "5-x"))
    _ = store.execute(write)
    _ = store.execute(.set("a", "b"), identity: Digest(low: 1, high: 2))
    let now = store.snapshot()
    // The digest of the request stands before the outcome, which stands before the one delete and the trailer.
    let outcome = now[(now.count - 16 - 18 - 31)...].prefix(31)
    var before: [UInt8] =
      [0x51, 0x4b, 0x53, 0x31, 0xc8, 1, 1, 127, 7, 0, 0, 0, 0, 0, 0, 0, 4, 2, 1, 5, 1, 1] + entry
    before += [2] + outcome
    var sip = SipHash(isWide: true)
    sip.update(before)
    before.put(sip.digest())
    var restored = try Store.restored(before)
    XCTAssertEqual(restored.value("a"), "b")
    XCTAssertEqual(restored.execute(write), .done(nil, old: "w", isReplayed: true))
    XCTAssertEqual(restored.lastWriter("k"), .zero)
    XCTAssertEqual(restored.conflictCount, 0)
    XCTAssertEqual(Array(restored.snapshot().prefix(4)), Array("QKS2".utf8))
    // Once the deletes are forgotten it is the state of a server that knew them.
    XCTAssertNotEqual(restored.stateHash(), store.stateHash())
    restored.forgetDeletes(Digest(low: 8, high: 9))
    store.forgetDeletes(Digest(low: 8, high: 9))
    XCTAssertEqual(restored.stateHash(), store.stateHash())
    XCTAssertEqual(restored.snapshot(), store.snapshot())
  }

  /// The process' hash key and the way to a state leave no trace.
  func testEqualStatesHaveEqualBytes() throws {
    var store = sample(seed: 1)
    var other = sample(seed: 2)
    var restored = try Store.restored(sample(seed: 3).snapshot())
    XCTAssertEqual(store.snapshot(), other.snapshot())
    XCTAssertEqual(store.stateHash(), other.stateHash())
    XCTAssertEqual(store.stateHash(), restored.stateHash())
    // What grew and shrank differs inside, and nowhere else.
    for number in 0..<500 { restored.executeUnwaited(.set("x\(number)", "y")) }
    for number in 0..<500 { restored.executeUnwaited(.delete("x\(number)")) }
    for number in 0..<1000 { store.executeUnwaited(.delete("x\(number % 500)")) }
    XCTAssertEqual(store.snapshot(), restored.snapshot())
    XCTAssertEqual(store.stateHash(), restored.stateHash())
    XCTAssertNotEqual(store.stateHash(), other.stateHash())
  }

  func testTheStateHashCoversEverything() {
    var hashes: Set<Digest> = []
    func note(_ change: (inout Store) -> Void) {
      var store = sample()
      change(&store)
      XCTAssertTrue(hashes.insert(store.stateHash()).inserted)
    }
    note { _ in }
    note { _ = $0.execute(.set("key0", "")) }
    note { _ = $0.execute(.set("key0", "w")) }
    note { _ = $0.execute(.set("key0", ""), identity: Digest(low: 1, high: 0)) }
    note { _ = $0.execute(.delete("key0")) }
    note { _ = $0.execute(.delete("absent")) }
    note { _ = $0.execute(.set("key0", "", idempotencyKey: "other").noneMatching(.any)) }
    note { _ = $0.execute(.set("key0", "", idempotencyKey: "another").noneMatching(.any)) }
    note { $0.begin(lineage: 8) }
    note { $0.executeUnwaited(.delete("absent"), identity: Digest(low: 1, high: 0)) }
    note { $0.executeUnwaited(.delete("other"), identity: Digest(low: 1, high: 0)) }
    note { $0.forgetDeletes(Digest(low: 1, high: 0)) }
    note { _ = $0.execute(.set("t", "x", idempotencyKey: "1-x").merging(.zero)) }
    note { _ = $0.execute(.set("t", "x", idempotencyKey: "1-x").merging(.zero, writtenAt: 6)) }
    note { _ = $0.execute(.set("t", "x", idempotencyKey: "1-x").merging(.zero, server: 6)) }
    note { _ = $0.execute(.set("t", "y", idempotencyKey: "1-x").merging(.zero)) }
    note { _ = $0.execute(.delete("t", idempotencyKey: "1-x").merging(.zero)) }
    note { _ = $0.execute(.set("t", "x", idempotencyKey: "1-y").merging(.zero)) }
    var limits: Set<Digest> = []
    for bounds in [Limits(), Limits(storeBytes: 1), Limits(outcomes: 1), Limits(outcomeBytes: 1)] {
      var store = Store(bounds)
      limits.insert(store.stateHash())
    }
    XCTAssertEqual(limits.count, 4)
  }

  func testTruncationsAreRefused() {
    let snapshot = sample().snapshot()
    for count in 0..<snapshot.count {
      XCTAssertThrowsError(try Store.restored(Array(snapshot[..<count])), "\(count)")
    }
    XCTAssertThrowsError(try Store.restored(snapshot + [0]))
    XCTAssertThrowsError(try Store.restored(snapshot + [0], sliceBytes: snapshot.count))
  }

  func testBitFlipsAreRefused() {
    let snapshot = sample().snapshot()
    var generator = Generator(seed: 6)
    for index in snapshot.indices {
      var bytes = snapshot
      bytes[index] ^= 1 << UInt8(generator.below(8))
      XCTAssertThrowsError(try Store.restored(bytes, sliceBytes: 200), "byte \(index)")
    }
  }

  /// With the checksum made right again, the rules alone decide: refused, or the one form of another state.
  func testForgedBytesAreRefusedOrCanonical() throws {
    var generator = Generator(seed: 12)
    let snapshot = sample().snapshot()
    var accepted = 0
    for _ in 0..<4000 {
      var bytes = Array(snapshot.dropLast(16))
      for _ in 0...generator.below(3) { bytes[generator.below(bytes.count)] = UInt8(generator.below(256)) }
      var sip = SipHash(isWide: true)
      sip.update(bytes)
      bytes.put(sip.digest())
      guard let restored = try? Store.restored(bytes) else { continue }
      accepted += 1
      XCTAssertEqual(restored.snapshot(), bytes)
    }
    XCTAssertGreaterThan(accepted, 0)
  }

  func testACopyStaysAsItIs() throws {
    var store = sample()
    let copy = store
    let before = store.snapshot()
    var writer = SnapshotWriter(store)
    var slices: [UInt8] = []
    var number = 0
    while writer.write(atMost: 50, to: &slices) {
      number += 1
      _ = store.execute(.set("key\(number % 20)", "new\(number)", idempotencyKey: "\(2000 + number)-y"))
      _ = store.execute(.delete("key\((number + 7) % 20)"))
    }
    XCTAssertGreaterThan(number, 20)
    XCTAssertEqual(slices, before)
    XCTAssertEqual(copy.snapshot(), before)
    XCTAssertNotEqual(store.snapshot(), before)
    var (left, right) = (copy, try Store.restored(before))
    XCTAssertEqual(left.stateHash(), right.stateHash())
  }
}
