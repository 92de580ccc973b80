import Bytes

/// A part of a `ByteMap`: records in one arena, found through an open-addressed table with linear probing.
///
/// A record costs no allocation of its own. Both arrays are copied on the first write after the map was copied,
/// which is why the map has many small shards.
struct Shard: Sendable {
  /// 0: empty. Else twelve bits of the hash, and the record's place: 1 + offset / `Record.alignment`.
  private var slots: [UInt32] = []
  private var arena: [UInt8] = []
  /// Arena bytes taken by records, dead ones included.
  private var used: Int32 = 0
  /// Arena bytes of dead records.
  private var dead: Int32 = 0
  private(set) var count: Int32 = 0

  private static let tagMask: UInt32 = 0xfff0_0000
  private static let arenaBytesMax = (1 << 20 - 1) * Record.alignment
  private static let slotsMin = 8
  /// Less garbage than this is left until the arena is full.
  private static let deadBytesMax: Int32 = 1024

  private static func tag(_ hash: UInt64) -> UInt32 {
    UInt32(truncatingIfNeeded: hash >> 20) & tagMask
  }

  private static func offset(_ slot: UInt32) -> Int {
    (Int(slot & ~tagMask) - 1) * Record.alignment
  }

  private static func slot(tag: UInt32, offset: Int) -> UInt32 {
    tag | UInt32(offset / Record.alignment + 1)
  }
}

extension Shard {
  /// The slot of `key`, -1 if it is not here.
  func find(_ key: UnsafeRawBufferPointer, hash: UInt64) -> Int {
    find(hash: hash) { $0.key.isEqual(to: key) }
  }

  /// The slot of the record with this hash and stamp, -1 if it is not here.
  func find(stamp: UInt64, hash: UInt64) -> Int {
    find(hash: hash) { $0.stamp == stamp }
  }

  @inline(__always)
  private func find(hash: UInt64, where isMatch: (Record) -> Bool) -> Int {
    guard count > 0 else { return -1 }
    let tag = Self.tag(hash)
    return slots.withUnsafeBufferPointer { slots in
      arena.withUnsafeBytes { arena in
        let mask = slots.count &- 1
        var index = Int(truncatingIfNeeded: hash) & mask
        while slots[index] != 0 {
          let slot = slots[index]
          if slot & Self.tagMask == tag, isMatch(Record(base: arena.baseAddress! + Self.offset(slot))) {
            return index
          }
          index = (index &+ 1) & mask
        }
        return -1
      }
    }
  }

  @inline(__always)
  func withRecord<Result>(at slot: Int, _ body: (Record) -> Result) -> Result {
    let offset = Self.offset(slots[slot])
    return arena.withUnsafeBytes { body(Record(base: $0.baseAddress! + offset)) }
  }

  /// The slots in use, in no order that means anything.
  var occupied: [UInt32] {
    var result: [UInt32] = []
    result.reserveCapacity(Int(count))
    for index in slots.indices where slots[index] != 0 { result.append(UInt32(index)) }
    return result
  }

  /// The sum of the records' hashes: the same for the same records, wherever they lie.
  var sum: Digest {
    var sum = Digest.zero
    for index in slots.indices where slots[index] != 0 {
      sum.add(withRecord(at: index) { $0.hash })
    }
    return sum
  }
}

extension Shard {
  /// Adds a record whose key is not here.
  mutating func insert(_ parts: RecordParts, hash: UInt64, hashKey: HashKey) {
    if (Int(count) + 1) * 4 > slots.count * 3 { growSlots(hashKey) }
    if Int(used) + parts.size > arena.count { moveArena(room: parts.size) }
    let offset = append(parts)
    let entry = Self.slot(tag: Self.tag(hash), offset: offset)
    place(entry, home: Int(truncatingIfNeeded: hash))
    count += 1
  }

  /// Puts `parts` in the place of the record with the same key at `slot`.
  mutating func replace(at slot: Int, _ parts: RecordParts, hash: UInt64, hashKey: HashKey) {
    let offset = Self.offset(slots[slot])
    let size = withRecord(at: slot) { $0.size }
    if size == parts.size {
      arena.withUnsafeMutableBytes { parts.write(to: $0.baseAddress! + offset) }
    } else if Int(used) + parts.size <= arena.count {
      slots[slot] = Self.slot(tag: Self.tag(hash), offset: append(parts))
      dead += Int32(size)
    } else {
      remove(at: slot, hashKey: hashKey)
      insert(parts, hash: hash, hashKey: hashKey)
    }
  }

  mutating func remove(at slot: Int, hashKey: HashKey) {
    dead += Int32(withRecord(at: slot) { $0.size })
    count -= 1
    closeGap(at: slot, hashKey)
    if dead > Self.deadBytesMax && dead > used / 2 { moveArena(room: 0) }
  }

  /// Writes the record behind the others, where there is room, and tells its offset.
  private mutating func append(_ parts: RecordParts) -> Int {
    let offset = Int(used)
    arena.withUnsafeMutableBytes { parts.write(to: $0.baseAddress! + offset) }
    used += Int32(parts.size)
    return offset
  }

  private mutating func place(_ entry: UInt32, home: Int) {
    slots.withUnsafeMutableBufferPointer { slots in
      let mask = slots.count &- 1
      var index = home & mask
      while slots[index] != 0 { index = (index &+ 1) & mask }
      slots[index] = entry
    }
  }

  /// Empties a slot, and moves up what would no longer be found behind the gap (Knuth 6.4, Algorithm R).
  private mutating func closeGap(at slot: Int, _ hashKey: HashKey) {
    let mask = slots.count - 1
    var gap = slot
    var index = (slot + 1) & mask
    while slots[index] != 0 {
      let home = Int(truncatingIfNeeded: withRecord(at: index) { hashKey.hash($0.key) }) & mask
      if (index - home) & mask >= (index - gap) & mask {
        slots[gap] = slots[index]
        gap = index
      }
      index = (index + 1) & mask
    }
    slots[gap] = 0
  }

  private mutating func growSlots(_ hashKey: HashKey) {
    let old = slots
    slots = [UInt32](repeating: 0, count: max(Self.slotsMin, old.count * 2))
    for entry in old where entry != 0 {
      let hash = arena.withUnsafeBytes {
        hashKey.hash(Record(base: $0.baseAddress! + Self.offset(entry)).key)
      }
      place(entry, home: Int(truncatingIfNeeded: hash))
    }
  }

  /// Moves the living records into an arena with `room` for more and a quarter to spare, which bounds both the
  /// waste and, amortized, the moving.
  private mutating func moveArena(room: Int) {
    let needed = Int(used - dead) + room
    let size = needed + needed / 4 / Record.alignment * Record.alignment
    precondition(size <= Self.arenaBytesMax, "the limits keep shards smaller")
    var end = 0
    let moved = [UInt8](unsafeUninitializedCapacity: size) { target, count in
      let target = UnsafeMutableRawBufferPointer(target)
      arena.withUnsafeBytes { end = copyRecords(from: $0, to: target) }
      target[end...].initializeMemory(as: UInt8.self, repeating: 0)
      count = size
    }
    arena = moved
    used = Int32(end)
    dead = 0
  }

  /// Copies every record and points its slot at the copy. Returns the bytes taken.
  private mutating func copyRecords(
    from source: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer
  ) -> Int {
    var end = 0
    for index in slots.indices where slots[index] != 0 {
      let record = Record(base: source.baseAddress! + Self.offset(slots[index]))
      (target.baseAddress! + end).copyMemory(from: record.base, byteCount: record.size)
      slots[index] = Self.slot(tag: slots[index] & Self.tagMask, offset: end)
      end += record.size
    }
    return end
  }
}

extension Digest {
  /// Half by half: the sum of a set does not depend on its order.
  mutating func add(_ other: Digest) {
    low &+= other.low
    high &+= other.high
  }

  mutating func subtract(_ other: Digest) {
    low &-= other.low
    high &-= other.high
  }
}
