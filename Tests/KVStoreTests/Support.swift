import Bytes
import KVStore
import XCTest

/// SplitMix64 (Steele, Lea and Flood, 2014): the same seed gives the same test everywhere.
struct Generator: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
    return word ^ word >> 31
  }

  mutating func below(_ bound: Int) -> Int {
    Int.random(in: 0..<bound, using: &self)
  }

  mutating func isOne(in count: Int) -> Bool {
    below(count) == 0
  }

  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &self) }
  }
}

/// A write that owns its bytes.
struct OwnedWrite: Equatable {
  enum Condition: Equatable {
    case none
    case any
    case tags([Tag])
  }

  var kind = Write.Kind.set
  var key: [UInt8]
  var value: [UInt8] = []
  var idempotencyKey: [UInt8]?
  var ifMatch = Condition.none
  var ifNoneMatch = Condition.none
  var merge: Write.Merge?

  static func set(_ key: String, _ value: String, idempotencyKey: String? = nil) -> OwnedWrite {
    OwnedWrite(
      key: [UInt8](key.utf8), value: [UInt8](value.utf8),
      idempotencyKey: idempotencyKey.map { [UInt8]($0.utf8) })
  }

  static func delete(_ key: String, idempotencyKey: String? = nil) -> OwnedWrite {
    OwnedWrite(kind: .delete, key: [UInt8](key.utf8), idempotencyKey: idempotencyKey.map { [UInt8]($0.utf8) })
  }

  func matching(_ condition: Condition) -> OwnedWrite {
    var copy = self
    copy.ifMatch = condition
    return copy
  }

  func noneMatching(_ condition: Condition) -> OwnedWrite {
    var copy = self
    copy.ifNoneMatch = condition
    return copy
  }

  /// The write as it comes when it was kept without a quorum.
  func merging(_ base: Digest, writtenAt: UInt64 = 5, server: UInt8 = 1) -> OwnedWrite {
    var copy = self
    copy.merge = Write.Merge(base: base, writtenAt: writtenAt, server: server)
    return copy
  }

  /// The same write without the way it came by.
  var request: OwnedWrite {
    var copy = self
    copy.merge = nil
    return copy
  }

  var identity: Digest {
    (idempotencyKey ?? []).withUnsafeBytes { Write.identity(ofIdempotencyKey: $0) }
  }

  /// Lends the write to `body`.
  func borrow<Result>(_ body: (Write) throws -> Result) rethrows -> Result {
    let matchBytes = ifMatch.bytes
    let noneMatchBytes = ifNoneMatch.bytes
    return try key.withUnsafeBytes { key in
      try value.withUnsafeBytes { value in
        try (idempotencyKey ?? []).withUnsafeBytes { id in
          try matchBytes.withUnsafeBytes { matchBytes in
            try noneMatchBytes.withUnsafeBytes { noneMatchBytes in
              var write = kind == .set ? Write(set: key, to: value) : Write(delete: key)
              write.idempotencyKey = idempotencyKey == nil ? nil : id
              write.ifMatch = ifMatch.borrowed(matchBytes)
              write.ifNoneMatch = ifNoneMatch.borrowed(noneMatchBytes)
              guard let merge else { return try body(write) }
              var encoded: [UInt8] = []
              encoded.put(write, merge: merge)
              return try encoded.withUnsafeBytes {
                var reader = ByteReader($0)
                return try body(try reader.takeWrite())
              }
            }
          }
        }
      }
    }
  }

  var encoded: [UInt8] {
    var bytes: [UInt8] = []
    borrow { bytes.put($0) }
    return bytes
  }
}

extension OwnedWrite.Condition {
  var bytes: [UInt8] {
    guard case .tags(let tags) = self else { return [] }
    var bytes: [UInt8] = []
    for tag in tags { bytes.put(tag) }
    return bytes
  }

  func borrowed(_ bytes: UnsafeRawBufferPointer) -> Write.Condition {
    switch self {
    case .none: .none
    case .any: .any
    case .tags: .tags(TagList(bytes))
    }
  }

  init(_ condition: Write.Condition) {
    switch condition {
    case .none: self = .none
    case .any: self = .any
    case .tags(let list):
      var reader = ByteReader(list.bytes)
      var tags: [Tag] = []
      while let lineage = try? reader.take(UInt64.self), let counter = try? reader.take(UInt64.self) {
        tags.append(Tag(lineage: lineage, counter: counter))
      }
      self = .tags(tags)
    }
  }
}

extension OwnedWrite {
  init(_ write: Write) {
    kind = write.kind
    key = [UInt8](write.key)
    value = [UInt8](write.value)
    idempotencyKey = write.idempotencyKey.map { [UInt8]($0) }
    ifMatch = Condition(write.ifMatch)
    ifNoneMatch = Condition(write.ifNoneMatch)
    merge = write.merge
  }
}

/// An outcome that owns its bytes.
struct OwnedOutcome: Equatable {
  enum Result: Equatable {
    case done(version: UInt64?, old: [UInt8]?)
    case conditionFailed
    case keyReused
    case expired(floor: UInt64)
    case storeFull
  }

  var result: Result
  var isReplayed = false

  static func done(_ version: UInt64?, old: String?, isReplayed: Bool = false) -> OwnedOutcome {
    OwnedOutcome(result: .done(version: version, old: old.map { [UInt8]($0.utf8) }), isReplayed: isReplayed)
  }
}

extension Outcomes {
  func owned(_ index: Int) -> OwnedOutcome {
    let outcome = records[index]
    let result: OwnedOutcome.Result =
      switch outcome.result {
      case .done(let version, let old): .done(version: version, old: old.map { [UInt8](values[$0]) })
      case .conditionFailed: .conditionFailed
      case .keyReused: .keyReused
      case .expired(let floor): .expired(floor: floor)
      case .storeFull: .storeFull
      }
    return OwnedOutcome(result: result, isReplayed: outcome.isReplayed)
  }
}

struct OwnedEntry: Equatable {
  var value: [UInt8]
  var tag: Tag
  var identity: Digest
}

extension Store {
  init(_ limits: Limits = Limits(), seed: UInt64 = 1) {
    self.init(limits: limits, lineage: 7, hashKey: HashKey(seed, ~seed))
  }

  /// Executes the write as it comes out of a batch.
  mutating func execute(_ write: OwnedWrite, identity: Digest = .zero) -> OwnedOutcome {
    var outcomes = Outcomes()
    let encoded = write.encoded
    encoded.withUnsafeBytes {
      var reader = WriteReader($0)
      guard let write = try? reader.next() else { return XCTFail("own encoding refused") }
      execute(write, identity: identity, ticket: 5, into: &outcomes)
    }
    XCTAssertEqual(outcomes.records.map(\.ticket), [5])
    return outcomes.owned(0)
  }

  mutating func executeUnwaited(_ write: OwnedWrite, identity: Digest = .zero) {
    var outcomes = Outcomes()
    write.borrow { execute($0, identity: identity, ticket: nil, into: &outcomes) }
    XCTAssertTrue(outcomes.records.isEmpty && outcomes.values.isEmpty)
  }

  func entry(_ key: [UInt8]) -> OwnedEntry? {
    key.withUnsafeBytes { key in
      read(key) { entry in
        entry.map { OwnedEntry(value: [UInt8]($0.value), tag: $0.tag, identity: $0.identity) }
      }
    }
  }

  func value(_ key: String) -> String? {
    entry([UInt8](key.utf8)).map { String(decoding: $0.value, as: UTF8.self) }
  }

  func lastWriter(_ key: [UInt8]) -> Digest {
    key.withUnsafeBytes { lastWriter(of: $0) }
  }

  func lastWriter(_ key: String) -> Digest { lastWriter([UInt8](key.utf8)) }

  func contains(idempotencyKey key: [UInt8]) -> Bool {
    key.withUnsafeBytes { contains(idempotencyKey: $0) }
  }

  func snapshot(sliceBytes: Int = 4096) -> [UInt8] {
    var writer = SnapshotWriter(self)
    return collect(sliceBytes) { writer.write(atMost: sliceBytes, to: &$0) }
  }

  func dump(sliceBytes: Int = 4096) -> String {
    var writer = DumpWriter(self)
    return String(decoding: collect(sliceBytes) { writer.write(atMost: sliceBytes, to: &$0) }, as: UTF8.self)
  }

  private func collect(_ sliceBytes: Int, _ write: (inout [UInt8]) -> Bool) -> [UInt8] {
    var bytes: [UInt8] = []
    var hasMore = true
    while hasMore {
      let before = bytes.count
      hasMore = write(&bytes)
      XCTAssertLessThanOrEqual(bytes.count - before, sliceBytes)
    }
    return bytes
  }

  static func restored(_ snapshot: [UInt8], sliceBytes: Int = 4096, seed: UInt64 = 2) throws -> Store {
    var reader = SnapshotReader(hashKey: HashKey(seed, seed &* 3))
    for start in stride(from: 0, to: snapshot.count, by: sliceBytes) {
      try snapshot[start..<min(start + sliceBytes, snapshot.count)].withUnsafeBytes { try reader.append($0) }
    }
    return try reader.finish()
  }
}
