import Bytes

/// A hash table from key bytes to records, made of shards.
///
/// Copying it costs a retain; the first write after that copies the list of shards, and each first write to a
/// shard copies that shard. So a snapshot can be taken of a copy while the original goes on.
struct ByteMap: Sendable {
  /// Where a record lies: valid until the next change of the map.
  struct Location {
    var shard: Int
    var slot: Int
  }

  let hashKey: HashKey
  private let shardShift: UInt64
  private(set) var shards: [Shard]
  private(set) var count = 0
  /// Key and value bytes of all records.
  private(set) var payloadBytes = 0
  private var hashes: ShardHashes

  /// With 2 to the power of `shardBits` shards, at least 64.
  init(shardBits: Int, hashKey: HashKey) {
    precondition(6...16 ~= shardBits)
    self.hashKey = hashKey
    shardShift = UInt64(64 - shardBits)
    shards = [Shard](repeating: Shard(), count: 1 << shardBits)
    hashes = ShardHashes(count: 1 << shardBits)
  }

  func hash(_ key: UnsafeRawBufferPointer) -> UInt64 {
    hashKey.hash(key)
  }

  func locate(_ key: UnsafeRawBufferPointer, hash: UInt64) -> Location? {
    let shard = Int(truncatingIfNeeded: hash >> shardShift)
    let slot = shards[shard].find(key, hash: hash)
    return slot < 0 ? nil : Location(shard: shard, slot: slot)
  }

  func locate(stamp: UInt64, hash: UInt64) -> Location? {
    let shard = Int(truncatingIfNeeded: hash >> shardShift)
    let slot = shards[shard].find(stamp: stamp, hash: hash)
    return slot < 0 ? nil : Location(shard: shard, slot: slot)
  }

  @inline(__always)
  func withRecord<Result>(at location: Location, _ body: (Record) -> Result) -> Result {
    shards[location.shard].withRecord(at: location.slot, body)
  }

  /// `hash` is that of the key, whose record is not here.
  mutating func insert(_ parts: RecordParts, hash: UInt64) {
    let shard = Int(truncatingIfNeeded: hash >> shardShift)
    shards[shard].insert(parts, hash: hash, hashKey: hashKey)
    count += 1
    payloadBytes += parts.key.count + parts.value.count
    hashes.invalidate(shard)
  }

  mutating func replace(at location: Location, _ parts: RecordParts, hash: UInt64) {
    payloadBytes += parts.key.count + parts.value.count - withRecord(at: location) { $0.payloadBytes }
    shards[location.shard].replace(at: location.slot, parts, hash: hash)
    hashes.invalidate(location.shard)
  }

  mutating func remove(at location: Location) {
    payloadBytes -= withRecord(at: location) { $0.payloadBytes }
    shards[location.shard].remove(at: location.slot, hashKey: hashKey)
    count -= 1
    hashes.invalidate(location.shard)
  }

  /// Drops shards, and lessens `room` by their blocks, until there is none. Returns whether any are left; the map
  /// cannot be used any more.
  mutating func release(_ room: inout Int) -> Bool {
    while room > 0, let shard = shards.popLast() { room -= 1 + shard.blockCount }
    return !shards.isEmpty
  }

  /// The sum of all records' hashes. Costs a pass over the shards that changed since it was asked for last.
  mutating func sum() -> Digest {
    hashes.sum(shards)
  }
}

/// The sum over all shards of their records' hashes. What a write does to it is put off until somebody asks: a
/// write only marks its shard.
struct ShardHashes: Sendable {
  private var sums: [Digest]
  private var total = Digest.zero
  /// One bit a shard: its sum is out of date.
  private var stale: [UInt64]

  init(count: Int) {
    sums = [Digest](repeating: .zero, count: count)
    stale = [UInt64](repeating: 0, count: count / 64)
  }

  mutating func invalidate(_ shard: Int) {
    stale[shard >> 6] |= 1 << UInt64(shard & 63)
  }

  mutating func sum(_ shards: [Shard]) -> Digest {
    for word in stale.indices {
      while stale[word] != 0 {
        let shard = word << 6 | stale[word].trailingZeroBitCount
        stale[word] &= stale[word] - 1
        total.subtract(sums[shard])
        sums[shard] = shards[shard].sum
        total.add(sums[shard])
      }
    }
    return total
  }
}
