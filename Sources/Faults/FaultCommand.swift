/// Whom a fault hits: told when it happens, as a schedule cannot know who is primary then.
package enum Victim: Hashable, Sendable {
  /// By its place in the sorted order of addresses, from 0.
  case server(Int)
  case primary
  /// The first that runs behind the primary, in that order and around.
  case backup
  /// The member with more weight than the others; the primary where all weigh the same.
  case heavy
  /// The first that runs of those with weight 1, the primary left out while there is another.
  case light
  /// Those whom the last fault hit.
  case last
  case all
}

/// One thing that is done to a cluster.
package enum FaultCommand: Hashable, Sendable {
  /// `kill -9`.
  case kill(Victim)
  /// SIGTERM: the server hands over and ends.
  case stop(Victim)
  /// Killed, and everything that it kept is taken away.
  case wipe(Victim)
  /// Stopped where it stands, by SIGSTOP.
  case freeze(Victim)
  /// Cut off from all other servers; clients still reach it.
  case isolate(Victim)
  /// Nothing passes between the two.
  case cut(Victim, Victim)
  /// Nothing passes from the first to the second; the way back is open.
  case cutOneWay(from: Victim, to: Victim)
  /// These on one side, all others on the other.
  case split([Victim])
  /// Its machine's power goes: what no disk has is lost. `start` boots it again.
  case unplug(Victim)
  /// Its machine's cable is cut: neither servers nor clients reach it.
  case disconnect(Victim)
  /// Its machine's clock is moved by so many seconds, and stays so.
  case clock(Victim, by: Int)
  case start(Victim)
  case thaw(Victim)
  /// Ends all cuts, and joins all cables.
  case heal
  /// The schedule's clock stands until all servers that run are well, or patience ends.
  case settle

  /// It harms; the others repair or wait.
  package var isFault: Bool {
    switch self {
    case .kill, .stop, .wipe, .freeze, .isolate, .cut, .cutOneWay, .split, .unplug, .disconnect, .clock: true
    case .start, .thaw, .heal, .settle: false
    }
  }

  /// It needs a network that can be cut.
  package var isCut: Bool {
    switch self {
    case .isolate, .cut, .cutOneWay, .split: true
    case .kill, .stop, .wipe, .freeze, .unplug, .disconnect, .clock, .start, .thaw, .heal, .settle: false
    }
  }

  /// It needs a machine for each server.
  package var isOfMachines: Bool {
    switch self {
    case .unplug, .disconnect, .clock: true
    case .kill, .stop, .wipe, .freeze, .isolate, .cut, .cutOneWay, .split, .start, .thaw, .heal, .settle:
      false
    }
  }

  package var victims: [Victim] {
    switch self {
    case .kill(let one), .stop(let one), .wipe(let one), .freeze(let one), .isolate(let one),
      .unplug(let one), .disconnect(let one), .clock(let one, by: _), .start(let one), .thaw(let one):
      [one]
    case .cut(let one, let other), .cutOneWay(from: let one, to: let other): [one, other]
    case .split(let victims): victims
    case .heal, .settle: []
    }
  }
}

/// Faults and repairs, and when each begins.
package struct FaultSchedule: Equatable, Sendable {
  package struct Entry: Equatable, Sendable {
    /// Milliseconds from the schedule's start; `settle` makes real time run ahead of it.
    package var at: UInt64
    package var command: FaultCommand

    package init(at: UInt64, _ command: FaultCommand) { (self.at, self.command) = (at, command) }
  }

  package static let entriesMax = 100_000
  /// Seconds that a clock may be moved at once, either way: a day.
  package static let clockMax = 86_400
  /// A day.
  package static let lengthMax: UInt64 = 86_400_000

  /// In the order of their times.
  package private(set) var entries: [Entry]
  /// When everything is repaired and the schedule is over, milliseconds.
  package private(set) var end: UInt64

  /// Entries of one time keep their order. Without an `end`: a second after the last entry.
  package init(_ entries: [Entry], end: UInt64? = nil) {
    let order = entries.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }
    self.entries = order.map(\.element)
    let last = self.entries.last?.at ?? 0
    self.end = max(last, end ?? last + 1_000)
  }

  package var faultCount: Int { entries.count { $0.command.isFault } }
  package var needsCuts: Bool { entries.contains { $0.command.isCut } }
  package var needsMachines: Bool { entries.contains { $0.command.isOfMachines } }
}
