/// Writes whose outcome is open, in the order of their numbers: of this server's clients, of other servers' clients that
/// have no quorum, and writes kept without a quorum that the log is to decide about.
struct WaitingGroups: Sendable {
  enum Source: Hashable, Sendable {
    /// `isStrict`: an answer without a quorum is none.
    case clients(isStrict: Bool)
    case relayed(Relayer)
    case overlay
  }

  /// A server whose clients' writes these are, and their numbers there.
  struct Relayer: Hashable, Sendable {
    let server: ServerIndex
    let session: Session
    let first: UInt64
    /// Of the relay: what the answer names.
    let id: UInt64
    let mayDegrade: Bool
  }

  struct Waiting: Sendable {
    let group: Group
    let source: Source
    let arrived: Tick
    /// Where it was handed to a primary's log, or to a server that reaches one; nil: it certainly entered no log.
    var handed: Handed?
    /// Its clients have been told that the outcome is unknown; it stays while a primary may yet count on it.
    var isGivenUp = false

    var isOverlays: Bool { source == .overlay }

    /// Whether it may be answered without a quorum.
    var mayDegrade: Bool {
      switch source {
      case .clients(let isStrict): !isStrict
      case .relayed(let relayer): relayer.mayDegrade
      case .overlay: false
      }
    }
  }

  struct Handed: Sendable {
    let epoch: EpochID
    let view: View
    /// Nil: prepared by this server itself.
    let sequence: UInt64?
    /// Another server was asked to see to it, under an id: no view of this one's decides about it.
    var relayed: (to: ServerIndex, id: UInt64)?
    var at: Tick
  }

  private(set) var all: [Waiting] = []
  /// Clients' writes wait until what was kept without a quorum is decided.
  var holdsClients = false

  var count: Int { all.count }
  var hasUnhanded: Bool { all.contains { isReady($0) } }
  /// Whether somebody waits for an answer.
  var isAwaited: Bool { all.contains { !$0.isGivenUp } }
  /// Whether some of what was kept without a quorum is on its way to the log.
  var hasOverlays: Bool { all.contains { $0.isOverlays && !$0.isGivenUp } }

  /// Whether it is to be handed to a log now.
  func isReady(_ item: Waiting) -> Bool {
    guard item.handed == nil else { return false }
    if case .clients = item.source { return !holdsClients }
    return true
  }

  mutating func add(_ group: Group, from source: Source = .clients(isStrict: false), at now: Tick) {
    all.append(Waiting(group: group, source: source, arrived: now))
  }

  /// The group that starts with number `first` leaves the list, if it is there.
  mutating func take(first: UInt64) -> Waiting? {
    guard let index = all.firstIndex(where: { $0.group.first == first }) else { return nil }
    return all.remove(at: index)
  }

  mutating func hand(_ index: Int, _ handed: Handed?) {
    all[index].handed = handed
  }

  /// Groups handed over, of which `isDecided` holds, entered no log: they may be handed over again.
  mutating func release(where isDecided: (Handed) -> Bool) {
    for index in all.indices {
      if let handed = all[index].handed, handed.relayed == nil, isDecided(handed) {
        all[index].handed = nil
      }
    }
  }

  /// Nobody waits any longer for what is handed over and `isOver`: returns those groups, which stay.
  mutating func giveUp(where isOver: (Waiting) -> Bool) -> [Waiting] {
    var over: [Waiting] = []
    for index in all.indices
    where all[index].handed != nil && !all[index].isGivenUp && !all[index].isOverlays && isOver(all[index]) {
      all[index].isGivenUp = true
      over.append(all[index])
    }
    return over
  }

  /// Groups of more than `max` writes, of which `isMeant` holds, become several.
  mutating func split(atMost max: Int, where isMeant: (Waiting) -> Bool) {
    guard all.contains(where: { $0.group.count > max && isMeant($0) }) else { return }
    all = all.flatMap { item in
      guard item.group.count > max, isMeant(item) else { return [item] }
      return item.group.parts(of: max).map { Waiting(group: $0, source: item.source, arrived: item.arrived) }
    }
  }

  /// What is kept begins anew: what was handed over of it stays, as a primary counts on it, and does no harm.
  mutating func giveUpOverlays() {
    all.removeAll { $0.isOverlays && $0.handed == nil }
    for index in all.indices where all[index].isOverlays { all[index].isGivenUp = true }
  }

  mutating func removeAll(where isOver: (Waiting) -> Bool) -> [Waiting] {
    guard all.contains(where: isOver) else { return [] }
    let over = all.filter(isOver)
    all.removeAll(where: isOver)
    return over
  }
}
