/// What a connection may be waiting for. Each has one time-out, the same for all connections.
enum Wait: UInt8, CaseIterable {
  /// A request.
  case request
  /// The rest of a head.
  case head
  /// The rest of a body.
  case body
  /// Headers after a classic request line, or nothing.
  case line
  /// The client's taking of its replies.
  case drain
  /// The client's FIN after ours.
  case linger
}

/// When each connection began to wait, and for what. As all waits of a kind are equally long, each kind is a list
/// in order of time: a tick looks only at the heads, however many connections there are.
struct DeadlineLists: ~Copyable {
  /// Not private: the compiler (6.3) would then make no whole module of it.
  struct Node {
    var previous: Int32 = none
    var next: Int32 = none
    var since: UInt64 = 0
    var wait: Wait?
  }

  struct Ends {
    var head: Int32 = none
    var tail: Int32 = none
  }

  fileprivate static let none: Int32 = -1

  /// By connection slot.
  private var nodes = Places<Node>()
  /// By wait.
  private var lists = Places<Ends>()

  init() {
    for _ in Wait.allCases { lists.append(Ends()) }
  }

  /// What `slot` waits for.
  func wait(of slot: Int) -> Wait? { slot < nodes.count ? nodes[slot].wait : nil }

  /// From `now` on, milliseconds, `slot` waits for `wait`. `now` never falls.
  mutating func begin(_ wait: Wait, of slot: Int, at now: UInt64) {
    while nodes.count <= slot { nodes.append(Node()) }
    end(of: slot)
    let list = Int(wait.rawValue)
    let tail = lists[list].tail
    nodes[slot] = Node(previous: tail, next: Self.none, since: now, wait: wait)
    if tail == Self.none {
      lists[list].head = Int32(slot)
    } else {
      nodes[Int(tail)].next = Int32(slot)
    }
    lists[list].tail = Int32(slot)
  }

  /// `slot` waits for nothing that has a time-out.
  mutating func end(of slot: Int) {
    guard slot < nodes.count, let wait = nodes[slot].wait else { return }
    let (list, node) = (Int(wait.rawValue), nodes[slot])
    if node.previous == Self.none {
      lists[list].head = node.next
    } else {
      nodes[Int(node.previous)].next = node.next
    }
    if node.next == Self.none {
      lists[list].tail = node.previous
    } else {
      nodes[Int(node.next)].previous = node.previous
    }
    nodes[slot].wait = nil
  }

  /// The slot that has waited longest for `wait`.
  func longest(_ wait: Wait) -> Int? {
    let head = lists[Int(wait.rawValue)].head
    return head == Self.none ? nil : Int(head)
  }

  /// The same, if it has waited for `limit` milliseconds at least.
  func expired(_ wait: Wait, after limit: UInt64, at now: UInt64) -> Int? {
    guard let slot = longest(wait), nodes[slot].since + limit <= now else { return nil }
    return slot
  }
}
