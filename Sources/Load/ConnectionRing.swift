/// Numbers of connections, first in, first out, each at most once.
struct ConnectionRing {
  private var places: [Int32] = []
  private var head = 0
  private(set) var count = 0

  var first: Int? { count == 0 ? nil : Int(places[head]) }

  mutating func append(_ connection: Int) {
    if count == places.count { grow() }
    var tail = head + count
    if tail >= places.count { tail -= places.count }
    places[tail] = Int32(connection)
    count += 1
  }

  mutating func removeFirst() {
    precondition(count > 0)
    head += 1
    if head == places.count { head = 0 }
    count -= 1
  }

  /// The first becomes the last.
  mutating func rotate() {
    guard count > 1, let first else { return }
    removeFirst()
    append(first)
  }

  private mutating func grow() {
    places = Array(places[head...] + places[..<head])
    head = 0
    places.append(contentsOf: repeatElement(0, count: max(16, places.count)))
  }
}
