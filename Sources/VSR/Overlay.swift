import Bytes
import KVStore

/// Writes that were answered without a quorum, each kept until the log has decided about it. They live beside the log,
/// never in it: what they are worth is told by one ordinary op each, once a quorum is back.
///
/// In their order, by the identity of their idempotency key; a write whose client gave none gets one of its own.
package struct Overlay: Sendable {
  struct Entry: Sendable {
    let identity: Digest
    let keyHash: UInt64
    /// The write that it replaced, by identity: of another write that is kept here, or of the log's.
    let base: Digest
    /// Whether its client gave the idempotency key, and may send it again.
    let isNamed: Bool
    /// The merge write that the log will be given, encoded.
    let bytes: [UInt8]
  }

  private var entries: [Digest: (entry: Entry, number: UInt64)] = [:]
  /// In order; those no longer in `entries` under that number have ended.
  private var order: [(identity: Digest, number: UInt64)] = []
  private var next: UInt64 = 0
  /// How many are kept of each key, by hash, and the last of them.
  private var keys: [UInt64: (count: Int, last: Digest)] = [:]
  private(set) var bytes = 0

  init(_ writes: [[UInt8]]) {
    for write in writes {
      if let entry = Entry(write) { keep(entry) }
    }
  }

  package var count: Int { entries.count }
  var isEmpty: Bool { entries.isEmpty }
  var hasRoom: Bool { entries.count < Bounds.overlayWritesMax && bytes < Bounds.overlayBytesMax }
  /// Those that are still kept, in their order.
  var all: some Sequence<Entry> {
    order.lazy.compactMap { [entries] place in
      entries[place.identity].flatMap { $0.number == place.number ? $0.entry : nil }
    }
  }

  func contains(_ identity: Digest) -> Bool { entries[identity] != nil }

  func holds(keyHash: UInt64) -> Bool { !entries.isEmpty && keys[keyHash] != nil }

  /// The identity of the last write to the key that is kept.
  func last(keyHash: UInt64) -> Digest? { keys[keyHash]?.last }

  /// The write that a new one to the same key, based on `base`, makes superfluous: nobody can ask for it again.
  func superseded(by base: Digest) -> Entry? {
    guard let entry = entries[base]?.entry, !entry.isNamed else { return nil }
    return entry
  }

  /// Returns its place.
  @discardableResult
  mutating func keep(_ entry: Entry) -> UInt64 {
    if let known = entries[entry.identity] { return known.number }
    entries[entry.identity] = (entry, next)
    order.append((entry.identity, next))
    defer { next += 1 }
    keys[entry.keyHash] = ((keys[entry.keyHash]?.count ?? 0) + 1, entry.identity)
    bytes += entry.bytes.count
    return next
  }

  /// Whether it was there.
  mutating func end(_ identity: Digest) -> Bool {
    guard let entry = entries.removeValue(forKey: identity)?.entry else { return false }
    bytes -= entry.bytes.count
    if let key = keys[entry.keyHash] { keys[entry.keyHash] = key.count > 1 ? (key.count - 1, key.last) : nil }
    if order.count > 2 * entries.count + 64 {
      order.removeAll { entries[$0.identity]?.number != $0.number }
    }
    return true
  }

  /// The first ones, as many as a group may have.
  func firstGroup() -> (count: Int, bytes: [UInt8]) {
    var group: [UInt8] = []
    var count = 0
    for entry in all {
      guard count < Bounds.groupWritesMax, group.count + entry.bytes.count <= Bounds.mergeBytesMax else {
        break
      }
      group += entry.bytes
      count += 1
    }
    return (count, group)
  }
}

extension Overlay.Entry {
  func withIdempotencyKey<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    bytes.withUnsafeBytes { raw in
      var reader = WriteReader(raw)
      guard let name = (try? reader.next())?.idempotencyKey else {
        preconditionFailure("a merge write has one")
      }
      return body(name)
    }
  }

  /// Nil: no merge write.
  init?(_ bytes: [UInt8]) {
    let parts: (Digest, UInt64, Digest, Bool)? = bytes.withUnsafeBytes { raw in
      var reader = WriteReader(raw)
      guard let write = try? reader.next(), let merge = write.merge, let name = write.idempotencyKey else {
        return nil
      }
      return (
        Write.identity(ofIdempotencyKey: name), SipHash.hash(write.key), merge.base, name.first != 0
      )
    }
    guard let parts else { return nil }
    (identity, keyHash, base, isNamed) = parts
    self.bytes = bytes
  }
}

/// The identity under which a merge write is kept; nil: it is none.
package func mergeIdentity(of bytes: [UInt8]) -> Digest? { Overlay.Entry(bytes)?.identity }

/// What a server below a quorum shows: the newest that it knows. First what it keeps itself, then the log's tail, of
/// which nobody knows whether it is committed, then the executed state.
struct Fork: Sendable {
  /// As of the log's tail: what a write replaces is looked for here, since deletes that are kept hide others'.
  let logged: Store
  var store: Store
  /// Idempotency keys of the tail, by identity: whether those writes are executed is not known.
  private let undecided: Set<Digest>
  private let executed: Digest
  private let head: Digest

  init(_ execution: Execution, _ log: Log, _ overlay: Overlay) {
    (executed, head) = (execution.digest, log.headDigest)
    var tail = Tail(store: execution.store)
    if log.head > execution.op {
      for entry in log.entries(in: execution.op + 1...log.head) { entry.forEachGroup { tail.execute($0) } }
    }
    (logged, store, undecided) = (tail.store, tail.store, tail.undecided)
    var unused = Outcomes()
    for entry in overlay.all {
      entry.bytes.withUnsafeBytes { raw in
        var reader = WriteReader(raw)
        guard let write = try? reader.next() else { return }
        store.execute(write.plain, identity: .zero, ticket: nil, into: &unused)
      }
    }
  }

  /// Whether it still shows what a fork made now would.
  func isCurrent(_ execution: Execution, _ log: Log) -> Bool {
    executed == execution.digest && head == log.headDigest
  }

  func isUndecided(_ identity: Digest) -> Bool { undecided.contains(identity) }
}

/// The log's tail, executed.
private struct Tail {
  var store: Store
  var undecided: Set<Digest> = []
  private var unused = Outcomes()

  init(store: Store) { self.store = store }

  mutating func execute(_ group: BorrowedGroup) {
    var number = group.first
    var reader = WriteReader(group.bytes)
    while let write = try? reader.next() {
      if let name = write.idempotencyKey, !store.contains(idempotencyKey: name) {
        undecided.insert(Write.identity(ofIdempotencyKey: name))
      }
      store.execute(
        write, identity: Group.identity(session: group.session, number: number), ticket: nil, into: &unused)
      number += 1
    }
  }
}
