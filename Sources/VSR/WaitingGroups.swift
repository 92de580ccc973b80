/// Writes of this server's clients whose outcome is open, in the order of their numbers.
struct WaitingGroups: Sendable {
  struct Waiting: Sendable {
    let group: Group
    let arrived: Tick
    /// Where it was handed to a primary's log; nil: it certainly entered none.
    var handed: Handed?
    /// Its clients have been told that the outcome is unknown; it stays while a primary may yet count on it.
    var isGivenUp = false
  }

  struct Handed: Sendable {
    let epoch: EpochID
    let view: View
    /// Nil: prepared by this server itself.
    let sequence: UInt64?
    var at: Tick
  }

  private(set) var all: [Waiting] = []

  var count: Int { all.count }
  var hasUnhanded: Bool { all.contains { $0.handed == nil } }
  /// Whether somebody waits for an answer.
  var isAwaited: Bool { all.contains { !$0.isGivenUp } }

  mutating func add(_ group: Group, at now: Tick) {
    all.append(Waiting(group: group, arrived: now))
  }

  /// The group that starts with number `first` leaves the list, if it is there.
  mutating func take(first: UInt64) -> Waiting? {
    guard let index = all.firstIndex(where: { $0.group.first == first }) else { return nil }
    return all.remove(at: index)
  }

  mutating func hand(_ index: Int, _ handed: Handed) {
    all[index].handed = handed
  }

  /// Groups handed over, of which `isDecided` holds, entered no log: they may be handed over again.
  mutating func release(where isDecided: (Handed) -> Bool) {
    for index in all.indices {
      if let handed = all[index].handed, isDecided(handed) { all[index].handed = nil }
    }
  }

  /// Nobody waits any longer for what is handed over and `isOver`: returns those groups, which stay.
  mutating func giveUp(where isOver: (Waiting) -> Bool) -> [Group] {
    var groups: [Group] = []
    for index in all.indices where all[index].handed != nil && !all[index].isGivenUp && isOver(all[index]) {
      all[index].isGivenUp = true
      groups.append(all[index].group)
    }
    return groups
  }

  mutating func removeAll(where isOver: (Waiting) -> Bool) -> [Waiting] {
    guard all.contains(where: isOver) else { return [] }
    let over = all.filter(isOver)
    all.removeAll(where: isOver)
    return over
  }
}
