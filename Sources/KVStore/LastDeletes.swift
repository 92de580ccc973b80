import Bytes

/// For each of 1024 buckets of keys the identity of the last delete that was executed: it tells that an absent key
/// was put and deleted in between, without keeping anything for every key that ever was.
///
/// Replicated state. The key's bucket is by a fixed hash, the same in every process. Keys that share a bucket share
/// their last delete, so it may say "there was one" of a key that had none.
struct LastDeletes: Sendable {
  static let bucketCount = 1024
  private static let partBits = 4

  /// What a bucket says in which no delete was executed since all of them were forgotten, or ever: then zero.
  private(set) var marker = Digest.zero
  /// Empty until the first delete.
  private var buckets: [Digest] = []
  private var hashes = ShardHashes(count: bucketCount >> partBits)

  static func bucket(of key: UnsafeRawBufferPointer) -> Int {
    Int(truncatingIfNeeded: SipHash.hash(key)) & (bucketCount - 1)
  }

  subscript(bucket: Int) -> Digest {
    buckets.isEmpty ? marker : buckets[bucket]
  }

  mutating func note(_ identity: Digest, in bucket: Int) {
    if buckets.isEmpty { buckets = [Digest](repeating: marker, count: Self.bucketCount) }
    buckets[bucket] = identity
    hashes.invalidate(bucket >> Self.partBits)
  }

  /// Forgets all deletes, and says `marker` in their place.
  mutating func forget(_ marker: Digest) {
    self = LastDeletes()
    self.marker = marker
  }

  /// The first bucket from `start` on that says something else than the marker.
  func next(from start: Int) -> Int? {
    guard !buckets.isEmpty else { return nil }
    return (start..<Self.bucketCount).first { buckets[$0] != marker }
  }

  /// How many buckets say something else than the marker.
  var count: Int {
    buckets.reduce(0) { $0 + ($1 == marker ? 0 : 1) }
  }

  /// The sum of the hashes of what buckets say, marker apart. Costs a pass over the parts that changed since it was
  /// asked for last.
  mutating func sum() -> Digest {
    let (buckets, marker) = (buckets, marker)
    return hashes.sum { part in
      var sum = Digest.zero
      for bucket in part << Self.partBits..<(part + 1) << Self.partBits where buckets[bucket] != marker {
        sum.add(Self.hash(buckets[bucket], in: bucket))
      }
      return sum
    }
  }

  private static func hash(_ identity: Digest, in bucket: Int) -> Digest {
    var sip = SipHash(isWide: true)
    sip.update(UInt64(bucket))
    sip.update(identity)
    return sip.digest()
  }
}

extension Store {
  /// The identity of the write that stored the key's value. For a key without one: of the last delete executed of
  /// any key in its bucket, zero if there was none.
  ///
  /// Two states of one log that say the same of a key have not seen a write of it in between. They may differ though
  /// there was none, where the key is absent and one that shares its bucket was deleted: the safe side.
  ///
  /// Only of one log: of a copy upon which something else was executed it must not be asked. A delete kept there, of
  /// another key in the bucket, would be the last one here too once it is merged, and hide what was deleted before it.
  package func lastWriter(of key: UnsafeRawBufferPointer) -> Digest {
    lastWriter(of: key, at: entries.locate(key, hash: entries.hash(key)))
  }

  /// `location`: where the key's value is; nil: it has none.
  func lastWriter(of key: UnsafeRawBufferPointer, at location: ByteMap.Location?) -> Digest {
    guard let location else { return deletes[LastDeletes.bucket(of: key)] }
    return entries.withRecord(at: location) { $0.digest }
  }

  /// Forgets which deletes were executed: from here on `marker` is the last writer of every absent key, until the
  /// next delete in its bucket. It is to differ from all that was an absent key's last writer before.
  ///
  /// For a log op of its own kind that all replicas execute: behind it they know the same deletes, also where some
  /// of them came from an older program, which kept none, at different places of the log (see `SnapshotHeader`).
  package mutating func forgetDeletes(_ marker: Digest) {
    deletes.forget(marker)
  }
}
