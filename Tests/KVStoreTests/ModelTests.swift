import Bytes
import KVStore
import XCTest

/// Random writes of all kinds, executed by the store and by a model: every outcome and every state is compared.
final class ModelTests: XCTestCase {
  struct Plan {
    var seed: UInt64
    var steps: Int
    var limits: Limits
    var keys: Int
    var valueBytesMax: Int
    /// Every so many steps the store is replaced by one restored from its snapshot.
    var stepsPerSnapshot: Int
  }

  func testTinyLimits() throws {
    let limits = Limits(storeBytes: 900, outcomes: 6, outcomeBytes: 200)
    var reasons: Set<Conflict.Reason> = []
    for seed in 1...3 as ClosedRange<UInt64> {
      reasons.formUnion(
        try run(
          Plan(seed: seed, steps: 700, limits: limits, keys: 12, valueBytesMax: 60, stepsPerSnapshot: 1)))
    }
    XCTAssertEqual(reasons, Set(Conflict.Reason.allCases))
  }

  func testOutcomesBoundedByBytes() throws {
    let limits = Limits(storeBytes: 2500, outcomes: 1000, outcomeBytes: 1500)
    let reasons = try run(
      Plan(seed: 77, steps: 3000, limits: limits, keys: 30, valueBytesMax: 120, stepsPerSnapshot: 7))
    XCTAssertEqual(reasons, Set(Conflict.Reason.allCases))
  }

  func testManyKeysAndOutcomes() throws {
    let limits = Limits(storeBytes: 40_000, outcomes: 150, outcomeBytes: 1 << 20)
    let reasons = try run(
      Plan(seed: 99, steps: 4000, limits: limits, keys: 500, valueBytesMax: 300, stepsPerSnapshot: 400))
    XCTAssertEqual(reasons, Set(Conflict.Reason.allCases))
  }

  func testNothingIsKept() throws {
    let limits = Limits(storeBytes: 0, outcomes: 0, outcomeBytes: 0)
    _ = try run(Plan(seed: 3, steps: 300, limits: limits, keys: 4, valueBytesMax: 10, stepsPerSnapshot: 1))
  }

  /// Why merges were lost.
  private func run(_ plan: Plan) throws -> Set<Conflict.Reason> {
    var generator = Generator(seed: plan.seed)
    var model = Model(limits: plan.limits)
    var store = Store(plan.limits, seed: plan.seed)
    var twin = Store(plan.limits, seed: plan.seed ^ 0xffff)
    var writes: [OwnedWrite] = []
    var seen: Set<String> = []
    for step in 0..<plan.steps {
      let write = generator.write(plan, model, earlier: writes)
      writes.append(write)
      let identity = Digest(low: UInt64(step), high: plan.seed)
      let expected = model.execute(write, identity: identity)
      XCTAssertEqual(store.execute(write, identity: identity), expected, "seed \(plan.seed) step \(step)")
      twin.executeUnwaited(write, identity: identity)
      seen.insert(expected.label)
      if write.merge != nil, case .done = expected.result, !expected.isReplayed { seen.insert("merged") }
      compare(store, model, write, "seed \(plan.seed) step \(step)")
      if generator.isOne(in: 100) {
        let lineage = generator.next()
        store.begin(lineage: lineage)
        twin.begin(lineage: lineage)
        model.lineage = lineage
      }
      if generator.isOne(in: 200) {
        let marker = Digest(low: 1, high: generator.next())
        store.forgetDeletes(marker)
        twin.forgetDeletes(marker)
        model.deletes = [:]
        model.marker = marker
      }
      if step % plan.stepsPerSnapshot == 0 {
        XCTAssertEqual(store.stateHash(), twin.stateHash(), "seed \(plan.seed) step \(step)")
        store = try checkSnapshot(&store, seed: generator.next())
      }
    }
    XCTAssertEqual(store.snapshot(), twin.snapshot())
    if plan.limits.storeBytes > 0 {
      XCTAssertTrue(
        seen.isSuperset(of: ["done", "412", "422", "409", "507", "replayed", "merged"]), "\(seen)")
    }
    return Set(model.conflicts.map(\.reason))
  }

  /// What comes back from the snapshot.
  private func checkSnapshot(_ store: inout Store, seed: UInt64) throws -> Store {
    let snapshot = store.snapshot()
    var restored = try Store.restored(snapshot, seed: seed)
    XCTAssertEqual(restored.stateHash(), store.stateHash())
    XCTAssertEqual(restored.snapshot(), snapshot)
    XCTAssertEqual(restored.dump(), store.dump())
    return restored
  }

  private func compare(_ store: Store, _ model: Model, _ write: OwnedWrite, _ place: String) {
    XCTAssertEqual(store.counter, model.counter, place)
    XCTAssertEqual(store.keyCount, model.entries.count, place)
    XCTAssertEqual(store.bytes, model.bytes, place)
    XCTAssertEqual(store.floor, model.floor, place)
    XCTAssertEqual(store.outcomeCount, model.recorded.count, place)
    XCTAssertEqual(store.outcomeBytes, model.outcomeBytes, place)
    let expected = model.entries[write.key].map {
      let tag = Tag(lineage: model.lineage, counter: $0.version)
      return OwnedEntry(value: $0.value, tag: tag, identity: $0.identity)
    }
    XCTAssertEqual(store.entry(write.key), expected, place)
    XCTAssertEqual(store.lastWriter(write.key), model.lastWriter(write.key), place)
    XCTAssertEqual(store.conflictCount, UInt64(model.conflicts.count), place)
    XCTAssertEqual(store.conflicts.dropped, UInt64(model.conflictsDropped), place)
    XCTAssertTrue(store.conflicts.elementsEqual(model.conflictsListed), place)
    guard let key = write.idempotencyKey else { return }
    let isRecorded = model.recorded.contains { $0.key == key }
    XCTAssertEqual(store.contains(idempotencyKey: key), isRecorded, place)
  }
}

extension OwnedOutcome {
  fileprivate var label: String {
    switch result {
    case _ where isReplayed: "replayed"
    case .done: "done"
    case .conditionFailed: "412"
    case .keyReused: "422"
    case .expired: "409"
    case .storeFull: "507"
    }
  }
}

extension Generator {
  fileprivate mutating func write(_ plan: ModelTests.Plan, _ model: Model, earlier: [OwnedWrite])
    -> OwnedWrite
  {
    if isOne(in: 6), let again = earlier.suffix(40).randomElement(using: &self) { return again }
    let number = below(plan.keys)
    var write = OwnedWrite(key: [UInt8]("\(number)".utf8))
    // Keys whose first eight bytes agree, keys of all lengths around a word's.
    if number.isMultiple(of: 3) {
      write.key = [UInt8]("prefix--\(String(repeating: "x", count: number % 17))\(number)".utf8)
    }
    if isOne(in: 4) {
      write.kind = .delete
    } else {
      write.value = bytes(isOne(in: 3) ? 10 : below(plan.valueBytesMax + 1))
    }
    if isOne(in: 4) { return merge(of: write, model) }
    if isOne(in: 4) { write.ifMatch = condition(model, write.key) }
    if isOne(in: 4) { write.ifNoneMatch = condition(model, write.key) }
    if isOne(in: 2) { write.idempotencyKey = idempotencyKey(model) }
    return write
  }

  private mutating func merge(of write: OwnedWrite, _ model: Model) -> OwnedWrite {
    var write = write
    write.idempotencyKey = isOne(in: 4) ? [0] + bytes(16) : idempotencyKey(model)
    let base: Digest
    switch below(4) {
    case 0: base = .zero
    case 1: base = Digest(low: next(), high: 9)
    default: base = model.lastWriter(write.key)
    }
    return write.merging(base, writtenAt: next() >> UInt64(below(64)), server: UInt8(below(7)))
  }

  private mutating func condition(_ model: Model, _ key: [UInt8]) -> OwnedWrite.Condition {
    if isOne(in: 3) { return .any }
    var tags = (0..<below(3)).map { _ in Tag(lineage: model.lineage, counter: UInt64(below(20))) }
    if let entry = model.entries[key], isOne(in: 2) {
      tags.append(Tag(lineage: model.lineage ^ (isOne(in: 4) ? 1 : 0), counter: entry.version))
    }
    return .tags(tags)
  }

  private mutating func idempotencyKey(_ model: Model) -> [UInt8] {
    switch below(10) {
    case 0: return model.recorded.randomElement(using: &self)?.key ?? [1]
    case 1...2: return [UInt8]("free\(below(1000))".utf8)
    case 3: return [UInt8](["-1", "12", "12-", "x-1", "99999999999999999999-a", "1 -a"][below(6)].utf8)
    default:
      // Mostly rising, sometimes late.
      let time = 1000 + Int(model.counter) - below(below(10) == 0 ? 200 : 8)
      return [UInt8]("\(max(0, time))-\(below(50))".utf8)
    }
  }
}
