import Bytes
import KVStore

/// The snapshots of this server: the one on disk, and one on its way there.
package struct SnapshotKeeper: Sendable {
  /// Slices of a snapshot made for one request, at most: what a small store needs. The rest is made later.
  private static let slicesPerRequest = 3
  /// Blocks of a replaced snapshot's bytes freed in one slice.
  private static let blocksPerSlice = 8

  /// The last that is on disk.
  package internal(set) var saved: SnapshotState?
  /// Asked to be saved, and whether it came from another server.
  var pending: (state: SnapshotState, isReceived: Bool)?
  /// A received one waits to be saved.
  var isSaveDue = false
  /// The bytes of `saved`, as far as others have asked for them.
  private var bytes: SnapshotBytes?
  /// Who asked for what is still being made: the last request of each server.
  private var askers: [(server: ServerIndex, offset: UInt64)] = []
  /// What is to be freed, slice by slice.
  private var retired = RetiredStores()
  private var retiredBlocks: [[UInt8]] = []

  init(saved: SnapshotState?) {
    self.saved = saved
  }

  package mutating func save() {
    if let old = bytes { retiredBlocks += old.blocks }
    bytes = nil
    askers.removeAll()
    if let old = saved { retired.append(old.store) }
    saved = pending?.state
    pending = nil
  }

  /// Takes a store that is needed no more.
  mutating func retire(_ store: Store) {
    retired.append(store)
  }

  /// The part of the saved snapshot that begins at `offset`, and whether it is the last. Nil: there is no such
  /// part, or it is still being made, and `takeReady` will name `server`.
  mutating func part(at offset: UInt64, for server: ServerIndex) -> (bytes: [UInt8], isLast: Bool)? {
    guard let saved else { return nil }
    if bytes == nil { bytes = SnapshotBytes(saved) }
    for _ in 0..<Self.slicesPerRequest where bytes?.hasBlock(at: offset) == false { bytes?.extend() }
    guard let count = bytes?.count, offset <= count else { return nil }
    let part = bytes?.part(at: offset)
    if part == nil {
      askers.removeAll { $0.server == server }
      askers.append((server, offset))
    }
    return part
  }

  var hasWork: Bool { !askers.isEmpty || !retired.isEmpty || !retiredBlocks.isEmpty }

  /// A bounded piece of work.
  mutating func workASlice() {
    if !askers.isEmpty {
      bytes?.extend()
    } else if !retiredBlocks.isEmpty {
      retiredBlocks.removeLast(min(Self.blocksPerSlice, retiredBlocks.count))
    } else {
      retired.releaseSlice()
    }
  }

  /// Those who waited for a part that can be had now.
  mutating func takeReady() -> [(server: ServerIndex, offset: UInt64)] {
    guard !askers.isEmpty, let bytes else { return [] }
    let ready = askers.filter { $0.offset < bytes.count }
    askers.removeAll { $0.offset < bytes.count }
    return ready
  }
}

/// A snapshot's bytes as far as they are made, in blocks of a message's size: nothing is moved as they become more,
/// and they are freed one by one.
private struct SnapshotBytes: Sendable {
  private var encoder: SnapshotEncoder
  private(set) var blocks: [[UInt8]] = []
  private(set) var count: UInt64 = 0

  init(_ state: SnapshotState) {
    encoder = SnapshotEncoder(state)
  }

  private static let blockBytes = UInt64(Bounds.snapshotChunkBytes)

  /// Whether the block that `offset` lies in is whole, or the last.
  func hasBlock(at offset: UInt64) -> Bool {
    encoder.isAtEnd || offset / Self.blockBytes < count / Self.blockBytes
  }

  /// Makes more, with a bounded amount of work.
  mutating func extend() {
    guard !encoder.isAtEnd else { return }
    let used = Int(count % Self.blockBytes)
    if used == 0, blocks.count == Int(count / Self.blockBytes) {
      blocks.append([])
      blocks[blocks.count - 1].reserveCapacity(Bounds.snapshotChunkBytes)
    }
    encoder.next(Bounds.snapshotChunkBytes - used, into: &blocks[blocks.count - 1])
    count += UInt64(blocks[blocks.count - 1].count - used)
  }

  /// The rest of the block that `offset` lies in, as far as it is made; nil: nothing of it is, so far.
  func part(at offset: UInt64) -> (bytes: [UInt8], isLast: Bool)? {
    guard offset < count else { return offset == count && encoder.isAtEnd ? ([], true) : nil }
    let block = Int(offset / Self.blockBytes)
    let part = Array(blocks[block][Int(offset % Self.blockBytes)...])
    return (part, encoder.isAtEnd && block == blocks.count - 1)
  }
}
