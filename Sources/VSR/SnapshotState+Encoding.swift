import Bytes
import KVStore

/// Writes a committed state slice by slice: where it stands in the log, its epoch, then the store.
package struct SnapshotEncoder: Sendable {
  private var header: [UInt8]?
  private var writer: SnapshotWriter

  package init(_ state: SnapshotState) {
    var header: [UInt8] = []
    var epoch: [UInt8] = []
    state.epoch.put(into: &epoch)
    header.putVarint(state.op)
    header.put(state.digest)
    header.putCounted(epoch)
    self.header = header
    writer = SnapshotWriter(state.store)
  }

  package var isAtEnd: Bool { header == nil && writer.isDone }

  /// Appends the next slice, at most `count` bytes (more than the header has), with a bounded amount of work: it
  /// may be empty, where the store only sorts.
  package mutating func next(_ count: Int, into bytes: inout [UInt8]) {
    var room = count
    if let header {
      bytes.put(header)
      room -= header.count
      self.header = nil
    }
    _ = writer.write(atMost: room, to: &bytes)
  }
}

/// Reads what `SnapshotEncoder` wrote, in any slices.
package struct SnapshotDecoder: Sendable {
  /// A header is never longer.
  private static let headerBytesMax = 1024
  private var header: [UInt8] = []
  private var place: (op: Op, digest: Digest, epoch: Epoch)?
  private var reader: SnapshotReader

  package init(hashKey: HashKey) {
    reader = SnapshotReader(hashKey: hashKey)
  }

  package mutating func append(_ slice: [UInt8]) throws(MalformedBytes) {
    guard place == nil else { return try feed(slice[...]) }
    header += slice
    let used = takeHeader()
    if used > 0 {
      let rest = header[used...]
      header = []
      try feed(rest)
    } else if header.count > Self.headerBytesMax {
      throw MalformedBytes()
    }
  }

  private mutating func feed(_ slice: ArraySlice<UInt8>) throws(MalformedBytes) {
    var failure: MalformedBytes?
    slice.withUnsafeBytes { raw in
      do throws(MalformedBytes) { try reader.append(raw) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  /// The header's length once it is whole, else 0.
  private mutating func takeHeader() -> Int {
    header.withUnsafeBytes { raw in
      var bytes = ByteReader(raw)
      guard let op = try? bytes.takeVarint(), let digest = try? bytes.takeDigest(),
        let encoded = try? bytes.takeCounted(max: Self.headerBytesMax)
      else { return 0 }
      var epochBytes = ByteReader(encoded)
      guard let epoch = try? Epoch.take(from: &epochBytes) else { return 0 }
      place = (op, digest, epoch)
      return bytes.offset
    }
  }

  /// What was read so far: to be retired where the rest will not come.
  var partialStore: Store { reader.partialStore }

  package consuming func finish() throws(MalformedBytes) -> SnapshotState {
    guard let place else { throw MalformedBytes() }
    return SnapshotState(
      op: place.op, digest: place.digest, epoch: place.epoch, store: try reader.finish())
  }
}
