/// The requests under way on one connection, in the order sent, which is the order of their replies.
struct RequestQueue {
  private var places: [LoadRequest] = []
  private var head = 0
  private(set) var count = 0
  private let capacity: Int

  init(capacity: Int) {
    self.capacity = capacity
  }

  var first: LoadRequest? { count == 0 ? nil : places[head] }

  mutating func append(_ request: LoadRequest) {
    precondition(count < capacity)
    count += 1
    // Until every place was used once nothing has wrapped around: the tail is the array's end.
    guard places.count == capacity else { return places.append(request) }
    let tail = head + count - 1
    places[tail < capacity ? tail : tail - capacity] = request
  }

  mutating func removeFirst() -> LoadRequest {
    precondition(count > 0)
    let request = places[head]
    head += 1
    if head == capacity { head = 0 }
    count -= 1
    return request
  }
}
