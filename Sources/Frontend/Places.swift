/// A growing row of elements that are read and changed where they lie: neither costs a copy, a retain or a check
/// for sharing, as an array's elements do. Only ever grows; an element stays where it is until the next `append`.
struct Places<Element>: ~Copyable {
  private var base: UnsafeMutablePointer<Element>
  private var capacity: Int
  private(set) var count = 0

  private static var capacityMin: Int { 16 }

  init() {
    capacity = Self.capacityMin
    base = .allocate(capacity: capacity)
  }

  deinit {
    base.deinitialize(count: count)
    base.deallocate()
  }

  subscript(index: Int) -> Element {
    @inline(__always) _read { yield pointer(to: index).pointee }
    @inline(__always) _modify { yield &pointer(to: index).pointee }
  }

  @inline(__always)
  private func pointer(to index: Int) -> UnsafeMutablePointer<Element> {
    precondition(UInt(bitPattern: index) < UInt(bitPattern: count))
    return base + index
  }

  mutating func append(_ element: Element) {
    if count == capacity { grow() }
    (base + count).initialize(to: element)
    count += 1
  }

  private mutating func grow() {
    let larger = UnsafeMutablePointer<Element>.allocate(capacity: 2 * capacity)
    larger.moveInitialize(from: base, count: count)
    base.deallocate()
    base = larger
    capacity *= 2
  }
}
