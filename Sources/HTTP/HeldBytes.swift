/// Received bytes that wait for the rest of their message: one owned, growing allocation, none while empty.
///
/// Addresses handed out stay valid until the next call of a mutating function.
struct HeldBytes: ~Copyable {
  private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  private var start = 0
  private var end = 0

  /// The first allocation: a small request's size.
  private static let capacityMin = 256

  deinit {
    memory.deallocate()
  }

  /// Bytes allocated.
  var capacity: Int { memory.count }

  var isEmpty: Bool { start == end }

  /// All bytes held. Mutable, for decoding in place.
  var bytes: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(rebasing: memory[start..<end])
  }

  mutating func append(_ added: UnsafeRawBufferPointer) {
    guard !added.isEmpty else { return }
    if end + added.count > memory.count {
      let needed = end - start + added.count
      // Twice as much as before, so that bytes that come singly are copied a bounded number of times.
      resize(to: needed > memory.count ? max(needed, 2 * memory.count) : memory.count)
    }
    memory.baseAddress!.advanced(by: end).copyMemory(from: added.baseAddress!, byteCount: added.count)
    end += added.count
  }

  /// The first `count` bytes are done with. Their addresses stay valid as promised above.
  mutating func consume(_ count: Int) {
    precondition(count <= end - start)
    start += count
  }

  /// Takes out the bytes of [from, to): what follows moves down.
  mutating func remove(from: Int, to: Int) {
    precondition(0 <= from && from <= to && to <= end - start)
    guard from < to else { return }
    let base = memory.baseAddress!.advanced(by: start)
    base.advanced(by: from).copyMemory(from: base.advanced(by: to), byteCount: end - start - to)
    end -= to - from
  }

  /// Gives memory back: all of it if nothing is held, most of it if little is left of much.
  mutating func trim() {
    if isEmpty {
      memory.deallocate()
      memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
      start = 0
      end = 0
    } else if memory.count > Self.capacityMin, memory.count / 4 >= end - start {
      resize(to: end - start)
    }
  }

  /// Moves what is held to the front of a memory of at least `capacity` bytes.
  private mutating func resize(to capacity: Int) {
    let held = end - start
    precondition(capacity >= held)
    let fresh = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(capacity, Self.capacityMin), alignment: 1)
    if held > 0 {
      fresh.baseAddress!.copyMemory(from: memory.baseAddress!.advanced(by: start), byteCount: held)
    }
    memory.deallocate()
    memory = fresh
    start = 0
    end = held
  }
}
