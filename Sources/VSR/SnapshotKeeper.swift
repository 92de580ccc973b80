import Bytes
import KVStore

/// The snapshots of this server: the one on disk, and one on its way there.
package struct SnapshotKeeper: Sendable {
  /// The last that is on disk.
  package internal(set) var saved: SnapshotState?
  /// Asked to be saved, and whether it came from another server.
  var pending: (state: SnapshotState, isReceived: Bool)?
  /// The bytes of `saved`, as far as others have asked for them.
  private var encoder: SnapshotEncoder?
  private var encoded: [UInt8] = []

  init(saved: SnapshotState?) {
    self.saved = saved
  }

  package mutating func save() {
    saved = pending?.state
    pending = nil
    encoder = nil
    encoded = []
  }

  /// The part of the saved snapshot that begins at `offset`, and whether it is the last.
  mutating func part(at offset: UInt64) -> (bytes: [UInt8], isLast: Bool)? {
    guard let saved, offset <= UInt64(encoded.count) else { return nil }
    var source = encoder ?? SnapshotEncoder(saved)
    let end = offset + UInt64(Bounds.snapshotChunkBytes)
    while !source.isAtEnd, UInt64(encoded.count) < end {
      source.next(Bounds.snapshotChunkBytes, into: &encoded)
    }
    encoder = source
    guard offset <= encoded.count else { return nil }
    let slice = encoded[Int(offset)..<min(encoded.count, Int(end))]
    return (Array(slice), source.isAtEnd && slice.endIndex == encoded.count)
  }
}
