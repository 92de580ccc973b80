/// Which request of the clients' side each write is whose outcome is open. The core numbers writes from 1, without
/// a gap; answers come by number, in any order.
struct WriteTickets {
  private static let none = UInt64.max
  /// Answered places at the front are dropped when there are so many.
  private static let slack = 4096

  /// By number, from `first` on; before `head` all are answered.
  private var tickets: [UInt64] = []
  private var head = 0
  private var first: UInt64 = 1

  /// The number that the next write gets.
  var next: UInt64 { first + UInt64(tickets.count) }
  /// Writes without an answer, at most.
  var spread: Int { tickets.count - head }

  mutating func append(_ ticket: UInt64) {
    precondition(ticket != Self.none)
    tickets.append(ticket)
  }

  /// The ticket of the write with this number; nil: it has been answered.
  mutating func take(_ number: UInt64) -> UInt64? {
    guard number >= first, number < next else { return nil }
    let place = Int(number - first)
    let ticket = tickets[place]
    guard ticket != Self.none else { return nil }
    tickets[place] = Self.none
    if place == head { advance() }
    return ticket
  }

  private mutating func advance() {
    while head < tickets.count, tickets[head] == Self.none { head += 1 }
    guard head == tickets.count || head >= Self.slack else { return }
    first += UInt64(head)
    tickets.removeFirst(head)
    head = 0
  }
}
