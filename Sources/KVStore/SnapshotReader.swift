import Bytes

/// Builds a store from a snapshot's slices, in order, cut anywhere. Bytes that `SnapshotWriter` cannot have
/// written are refused, at once or at the end; what was built till then is within the limits that they name.
package struct SnapshotReader: Sendable {
  private enum Stage {
    case header
    case entries
    case outcomes
    case trailer
    case done
    case failed
  }

  private static let itemBytesMax = max(SnapshotHeader.bytesMax, Record.encodedBytesMax)

  private let hashKey: HashKey
  private var stage = Stage.header
  /// Bytes that do not make a whole item yet.
  private var pending: [UInt8] = []
  private var checksum = SipHash(isWide: true)
  private var store: Store
  /// Records still to come.
  private var entryCount = 0
  private var outcomeCount = 0
  private var lastKey: [UInt8] = []

  package init(hashKey: HashKey) {
    self.hashKey = hashKey
    store = Store(hashKey: hashKey)
  }

  /// What was built so far: to be retired where the rest will not come.
  package var partialStore: Store { store }

  /// Takes the next slice. After an error the reader is of no use any more.
  package mutating func append(_ slice: UnsafeRawBufferPointer) throws(MalformedBytes) {
    var bytes: [UInt8] = []
    swap(&bytes, &pending)
    bytes.append(contentsOf: slice)
    guard let count = bytes.withUnsafeBytes({ takeItems($0) }) else {
      stage = .failed
      throw MalformedBytes()
    }
    bytes.removeSubrange(..<count)
    swap(&bytes, &pending)
  }

  /// The store, once the whole snapshot was taken.
  package consuming func finish() throws(MalformedBytes) -> Store {
    guard stage == .done, pending.isEmpty else { throw MalformedBytes() }
    return store
  }

  /// Takes all whole items and returns their bytes; nil: malformed.
  private mutating func takeItems(_ bytes: UnsafeRawBufferPointer) -> Int? {
    var offset = 0
    while offset < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
      var reader = ByteReader(rest)
      do {
        guard try takeItem(&reader) else { return nil }
      } catch {
        // Cut short, or malformed: an item that will not end tells.
        return rest.count < Self.itemBytesMax ? offset : nil
      }
      checksum.update(UnsafeRawBufferPointer(rebasing: rest[..<reader.offset]))
      offset += reader.offset
    }
    return offset
  }

  /// Takes the next item. False: it is whole, and wrong. Throws, without any change: it is not whole, or not an
  /// item.
  private mutating func takeItem(_ reader: inout ByteReader) throws(MalformedBytes) -> Bool {
    switch stage {
    case .header:
      begin(try SnapshotHeader(from: &reader))
    case .entries:
      guard takeEntry(try RecordParts(from: &reader)) else { return false }
    case .outcomes:
      guard takeOutcome(try RecordParts(from: &reader)) else { return false }
    case .trailer:
      guard try reader.takeDigest() == checksum.digest() else { return false }
      stage = .done
    case .done, .failed: return false
    }
    return true
  }

  private mutating func begin(_ header: SnapshotHeader) {
    store = Store(limits: header.limits, lineage: header.lineage, hashKey: hashKey)
    store.counter = header.counter
    store.clients.restore(floor: header.floor, sequence: header.sequence)
    entryCount = header.entryCount
    outcomeCount = header.outcomeCount
    stage = .entries
    endSections()
  }

  /// Goes on to the next section that has something to come.
  private mutating func endSections() {
    if stage == .entries, entryCount == 0 {
      stage = .outcomes
      lastKey.removeAll(keepingCapacity: true)
    }
    if stage == .outcomes, outcomeCount == 0 { stage = .trailer }
  }

  private mutating func takeEntry(_ parts: RecordParts) -> Bool {
    let charge = parts.key.count + parts.value.count + Limits.entryBytes
    guard isNext(parts.key), parts.value.count <= Write.valueBytesMax,
      parts.stamp > 0, parts.stamp <= store.counter, store.chargedBytes + charge <= store.limits.storeBytes
    else { return false }
    store.entries.insert(parts, hash: store.entries.hash(parts.key))
    entryCount -= 1
    endSections()
    return true
  }

  private mutating func takeOutcome(_ parts: RecordParts) -> Bool {
    guard isNext(parts.key), parts.key.count <= Write.idempotencyKeyBytesMax,
      parts.stamp > 0, parts.stamp <= store.clients.sequence,
      let reply = Reply.parse(parts.value), reply.version ?? 0 <= store.counter,
      store.outcomeBytes + parts.key.count + parts.value.count <= store.limits.outcomeBytes,
      ClientTable.time(of: parts.key) ?? .max >= store.floor ?? 0
    else { return false }
    store.clients.restore(parts)
    outcomeCount -= 1
    endSections()
    return true
  }

  /// Whether `key` may come next: keys are ascending and not empty.
  private mutating func isNext(_ key: UnsafeRawBufferPointer) -> Bool {
    guard !key.isEmpty, lastKey.isEmpty || lastKey.withUnsafeBytes({ $0.precedes(key) }) else { return false }
    lastKey.removeAll(keepingCapacity: true)
    lastKey.append(contentsOf: key)
    return true
  }
}
