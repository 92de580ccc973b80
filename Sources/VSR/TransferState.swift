import Bytes
import KVStore

/// What a replica is fetching.
struct TransferState: Sendable {
  /// A snapshot of which parts have come.
  struct Incoming: Sendable {
    let op: Op
    let digest: Digest
    let from: ServerIndex
    /// When the last part came, and when the next was asked for.
    var at: Tick
    var askedAt: Tick
    var offset: UInt64 = 0
    var decoder: SnapshotDecoder

    init(op: Op, digest: Digest, from: ServerIndex, at now: Tick, hashKey: HashKey) {
      self.op = op
      self.digest = digest
      self.from = from
      at = now
      askedAt = now
      decoder = SnapshotDecoder(hashKey: hashKey)
    }

    /// Whether `chunk` is the next part of this snapshot.
    func awaits(_ chunk: SnapshotChunk) -> Bool {
      digest == chunk.digest && offset == chunk.offset
    }

    /// Takes the next part, in place: of a copy every shard that it touches would be copied. False: malformed.
    mutating func take(_ chunk: SnapshotChunk, at now: Tick) -> Bool {
      at = now
      offset += UInt64(chunk.bytes.count)
      do throws(MalformedBytes) { try decoder.append(chunk.bytes) } catch { return false }
      return true
    }
  }

  var incoming: Incoming?
  /// The server asked last when any would do, and when.
  var lastAsked: ServerIndex = 0
  var askedAnyAt: Tick?
}
