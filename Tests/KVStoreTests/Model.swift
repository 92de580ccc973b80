import Bytes

@testable import KVStore

/// The store as simply as it can be said: dictionaries, arrays, and a search for whatever is wanted.
struct Model {
  struct Entry {
    var value: [UInt8]
    var version: UInt64
    var identity: Digest
  }

  struct Recorded {
    var key: [UInt8]
    var write: OwnedWrite
    var result: OwnedOutcome.Result

    var time: UInt64? {
      let text = String(decoding: key, as: UTF8.self)
      guard let hyphen = text.firstIndex(of: "-"), text.index(after: hyphen) != text.endIndex else {
        return nil
      }
      let digits = text[..<hyphen]
      guard digits.allSatisfy({ "0123456789".contains($0) }) else { return nil }
      return UInt64(digits)
    }

    var bytes: Int {
      switch result {
      case .done(_, let old): key.count + 9 + (old?.count ?? 0)
      case .conditionFailed, .keyReused, .expired, .storeFull: key.count + 1
      }
    }
  }

  let limits: Limits
  var lineage: UInt64 = 7
  var counter: UInt64 = 0
  var floor: UInt64?
  var entries: [[UInt8]: Entry] = [:]
  /// In log order.
  var recorded: [Recorded] = []
  /// By bucket.
  var deletes: [Int: Digest] = [:]
  var marker = Digest.zero
  /// All that were ever recorded.
  var conflicts: [Conflict] = []
  var conflictsDropped = 0

  var bytes: Int { entries.reduce(0) { $0 + $1.key.count + $1.value.value.count } }
  var outcomeBytes: Int { recorded.reduce(0) { $0 + $1.bytes } }

  mutating func execute(_ write: OwnedWrite, identity: Digest) -> OwnedOutcome {
    guard let key = write.idempotencyKey else { return OwnedOutcome(result: apply(write, identity)) }
    if let known = recorded.first(where: { $0.key == key }) {
      guard known.write == write.request else { return lose(write, .keyReused, .keyReused) }
      if known.result == .storeFull { _ = lose(write, .storeFull, .storeFull) }
      return OwnedOutcome(result: known.result, isReplayed: true)
    }
    let time = Recorded(key: key, write: write, result: .storeFull).time
    if let time, let floor, time <= floor { return lose(write, .expired, .expired(floor: floor)) }
    let result = apply(write, key.withUnsafeBytes { Write.identity(ofIdempotencyKey: $0) })
    recorded.append(Recorded(key: key, write: write.request, result: result))
    while recorded.count > limits.outcomes || outcomeBytes > limits.outcomeBytes { evict() }
    switch result {
    case .conditionFailed: return lose(write, .overwritten, result)
    case .storeFull: return lose(write, .storeFull, result)
    case .done, .keyReused, .expired: return OwnedOutcome(result: result)
    }
  }

  func lastWriter(_ key: [UInt8]) -> Digest {
    entries[key]?.identity ?? deletes[Self.bucket(key)] ?? marker
  }

  private static func bucket(_ key: [UInt8]) -> Int {
    Int(key.withUnsafeBytes { SipHash.hash($0) } % 1024)
  }

  /// The outcome; of a merge, with a conflict.
  private mutating func lose(
    _ write: OwnedWrite, _ reason: Conflict.Reason, _ result: OwnedOutcome.Result
  ) -> OwnedOutcome {
    let outcome = OwnedOutcome(result: result)
    guard let merge = write.merge else { return outcome }
    let conflict = Conflict(
      identity: write.identity, key: write.key, lost: write.kind == .set ? write.value : nil,
      kept: entries[write.key]?.value, writtenAt: merge.writtenAt, server: merge.server, reason: reason)
    let isListed = conflictsListed.contains {
      ($0.identity, $0.key, $0.lost) == (conflict.identity, conflict.key, conflict.lost)
    }
    if isListed { return outcome }
    conflicts.append(conflict)
    while conflictsListed.count > 256 || Self.bytes(conflictsListed) > 512 * 1024 { conflictsDropped += 1 }
    return outcome
  }

  var conflictsListed: ArraySlice<Conflict> { conflicts[conflictsDropped...] }

  private static func bytes(_ conflicts: ArraySlice<Conflict>) -> Int {
    conflicts.reduce(0) { $0 + $1.key.count + ($1.lost?.count ?? 0) + ($1.kept?.count ?? 0) }
  }

  private mutating func evict() {
    let timed = recorded.filter { $0.time != nil }
    let timedBytes = timed.reduce(0) { $0 + $1.bytes }
    if timedBytes > outcomeBytes - timedBytes, let least = timed.compactMap(\.time).min() {
      recorded.remove(at: recorded.firstIndex { $0.time == least }!)
      floor = max(floor ?? 0, least)
    } else {
      recorded.remove(at: recorded.firstIndex { $0.time == nil }!)
    }
  }

  private mutating func apply(_ write: OwnedWrite, _ identity: Digest) -> OwnedOutcome.Result {
    let old = entries[write.key]
    let tag = old.map { Tag(lineage: lineage, counter: $0.version) }
    guard Self.matches(write.ifMatch, tag) ?? true, !(Self.matches(write.ifNoneMatch, tag) ?? false) else {
      return .conditionFailed
    }
    if let merge = write.merge, merge.base != lastWriter(write.key) { return .conditionFailed }
    var next = self
    next.counter += 1
    switch write.kind {
    case .set:
      next.entries[write.key] = Entry(value: write.value, version: next.counter, identity: identity)
    case .delete:
      next.entries[write.key] = nil
      next.deletes[Self.bucket(write.key)] = identity
    }
    let before = bytes + entries.count * Limits.entryBytes
    let after = next.bytes + next.entries.count * Limits.entryBytes
    if after > before && after > limits.storeBytes { return .storeFull }
    self = next
    return .done(version: write.kind == .set ? counter : nil, old: old?.value)
  }

  private static func matches(_ condition: OwnedWrite.Condition, _ tag: Tag?) -> Bool? {
    switch condition {
    case .none: nil
    case .any: tag != nil
    case .tags(let tags): tags.contains { $0 == tag }
    }
  }
}
