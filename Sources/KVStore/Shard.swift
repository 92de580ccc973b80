import Bytes

/// A part of a `ByteMap`: records in blocks, found through an open-addressed table with linear probing.
///
/// A record costs no allocation of its own, and a growing shard moves nothing: blocks of one size leave the
/// allocator no holes that the next one does not fit. A write after a copy copies the table, the list of blocks
/// and one block; which is why a map has many small shards.
struct Shard: Sendable {
  /// What a slot says: 0 for empty, else 11 bits of the hash, 12 bits 1 + block, 9 bits offset in it.
  private enum Slot {
    static let tagMask: UInt32 = 0xffe0_0000
    static let blocksMax = 1 << 12 - 2

    @inline(__always)
    static func tag(_ hash: UInt64) -> UInt32 {
      UInt32(truncatingIfNeeded: hash >> 20) & tagMask
    }

    static func make(tag: UInt32, _ place: Place) -> UInt32 {
      tag | UInt32(place.block + 1) << 9 | UInt32(place.offset / Record.alignment)
    }

    @inline(__always)
    static func place(_ slot: UInt32) -> Place {
      Place(block: Int(slot >> 9 & 0xfff) - 1, offset: Int(slot & 0x1ff) * Record.alignment)
    }
  }

  private struct Place {
    var block: Int
    var offset: Int
  }

  /// With the array's and the allocator's heads 2048.
  private static let blockBytes = 2008
  /// A longer record has a block to itself, so that less than a quarter of a block stays unused.
  private static let sharedRecordBytesMax = blockBytes / 4
  private static let slotsMin = 8
  /// Less garbage than this is never worth a collection.
  private static let deadBytesMin: Int32 = 1024

  private var slots: [UInt32] = []
  private var blocks: [[UInt8]] = []
  private(set) var count: Int32 = 0
  /// The block that is being filled, and where it ends.
  private var open: Int32 = -1
  private var end: Int32 = 0
  /// Bytes of all records in the blocks, and of those that are no longer in the table.
  private var used: Int32 = 0
  private var dead: Int32 = 0
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
    let tag = Slot.tag(hash)
    let slots = self.slots.span
    let mask = slots.count &- 1
    var index = Int(truncatingIfNeeded: hash) & mask
    while slots[unchecked: index] != 0 {
      let slot = slots[unchecked: index]
      if slot & Slot.tagMask == tag, withRecord(Slot.place(slot), isMatch) { return index }
      index = (index &+ 1) & mask
    }
    return -1
  }

  @inline(__always)
  private func withRecord<Result>(_ place: Place, _ body: (Record) -> Result) -> Result {
    blocks[place.block].withUnsafeBytes { body(Record(base: $0.baseAddress! + place.offset)) }
  }

  @inline(__always)
  func withRecord<Result>(at slot: Int, _ body: (Record) -> Result) -> Result {
    withRecord(Slot.place(slots[slot]), body)
  }

  /// The slots in use, in no order that means anything.
  var occupied: [UInt32] {
    var result: [UInt32] = []
    result.reserveCapacity(Int(count))
    for index in slots.indices where slots[index] != 0 { result.append(UInt32(index)) }
    return result
  }

  var blockCount: Int { blocks.count }

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
    let place = append(parts)
    fill(Slot.make(tag: Slot.tag(hash), place), home: Int(truncatingIfNeeded: hash))
    count += 1
  }

  /// Puts `parts` in the place of the record with the same key at `slot`.
  mutating func replace(at slot: Int, _ parts: RecordParts, hash: UInt64) {
    let place = Slot.place(slots[slot])
    let size = withRecord(place) { $0.size }
    if size == parts.size {
      blocks[place.block].withUnsafeMutableBytes { parts.write(to: $0.baseAddress! + place.offset) }
    } else {
      slots[slot] = Slot.make(tag: Slot.tag(hash), append(parts))
      dead += Int32(size)
      collectIfWorthwhile()
    }
  }

  mutating func remove(at slot: Int, hashKey: HashKey) {
    dead += Int32(withRecord(at: slot) { $0.size })
    count -= 1
    closeGap(at: slot, hashKey)
    collectIfWorthwhile()
  }

  /// Writes the record where there is room.
  private mutating func append(_ parts: RecordParts) -> Place {
    let place = makeRoom(parts.size)
    used += Int32(parts.size)
    blocks[place.block].withUnsafeMutableBytes { parts.write(to: $0.baseAddress! + place.offset) }
    return place
  }

  private mutating func makeRoom(_ size: Int) -> Place {
    if size > Self.sharedRecordBytesMax {
      addBlock(size)
      return Place(block: blocks.count - 1, offset: 0)
    }
    if open < 0 || Int(end) + size > Self.blockBytes {
      addBlock(Self.blockBytes)
      open = Int32(blocks.count - 1)
      end = 0
    }
    defer { end += Int32(size) }
    return Place(block: Int(open), offset: Int(end))
  }

  private mutating func addBlock(_ size: Int) {
    precondition(blocks.count < Slot.blocksMax, "the limits keep shards smaller")
    if blocks.count == blocks.capacity { blocks.reserveCapacity(blocks.count + 2 + blocks.count / 4) }
    blocks.append([UInt8](repeating: 0, count: size))
  }

  private mutating func fill(_ entry: UInt32, home: Int) {
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
      fill(entry, home: Int(truncatingIfNeeded: withRecord(Slot.place(entry)) { hashKey.hash($0.key) }))
    }
  }

  /// Moves the living records into new blocks once a quarter of the bytes are dead, which bounds both the waste
  /// and, amortized, the moving.
  private mutating func collectIfWorthwhile() {
    guard dead > Self.deadBytesMin, dead > used / 4 else { return }
    let old = blocks
    blocks = []
    (open, end, used, dead) = (-1, 0, 0, 0)
    for index in slots.indices where slots[index] != 0 {
      let from = Slot.place(slots[index])
      let place = old[from.block].withUnsafeBytes {
        append(Record(base: $0.baseAddress! + from.offset).parts)
      }
      slots[index] = Slot.make(tag: slots[index] & Slot.tagMask, place)
    }
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
