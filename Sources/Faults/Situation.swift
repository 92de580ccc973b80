/// How a cluster stands when a fault is about to hit it: who is whom.
package struct Situation: Sendable {
  /// Of each server; 1 where nothing else is known.
  package var weights: [Int]
  /// Nil: nobody is known to be.
  package var primary: Int?
  /// Those that run and are not frozen.
  package var running: [Int]
  /// Whom the faults of the last moment hit.
  package var last: [Int]

  package init(weights: [Int], primary: Int?, running: [Int], last: [Int]) {
    (self.weights, self.primary, self.running, self.last) = (weights, primary, running, last)
  }

  /// The servers that are meant, in the order named; nil: one of them is nobody now.
  package func resolve(_ victims: [Victim]) -> [Int]? {
    var found: [Int] = []
    for victim in victims {
      switch victim {
      case .all: found += weights.indices
      case .last: found += last
      case .server(let number): found.append(number)
      case .primary, .backup, .heavy, .light:
        guard let server = find(victim, besides: found) else { return nil }
        found.append(server)
      }
    }
    return found
  }

  private func find(_ victim: Victim, besides taken: [Int]) -> Int? {
    guard let primary else { return nil }
    let around = (1..<weights.count).map { (primary + $0) % weights.count } + [primary]
    let free = around.filter { running.contains($0) && !taken.contains($0) }
    switch victim {
    case .primary: return primary
    case .backup: return free.first { $0 != primary }
    case .heavy: return weights.indices.first { weights[$0] > 1 } ?? primary
    case .light: return free.first { weights[$0] == 1 }
    case .server, .last, .all: return nil
    }
  }

  /// Those that cannot be expected to answer as if nothing were: of two sides that are cut apart, the one without
  /// a quorum. One bad link hits nobody: all are to go on, if not all with writes.
  package func hit(by command: FaultCommand, _ victims: [Int]) -> [Int] {
    switch command {
    case .kill, .stop, .wipe, .freeze, .isolate, .unplug, .disconnect, .start, .thaw: return victims
    // A server asks no wall clock when it decides what it may answer.
    case .cut, .cutOneWay, .clock, .heal, .settle: return []
    case .split:
      let side = victims.reduce(0) { $0 + weights[$1] }
      let isQuorum = 2 * side > weights.reduce(0, +)
      return isQuorum ? weights.indices.filter { !victims.contains($0) } : victims
    }
  }
}

/// Whom `last` means, and how faults are called: for whoever carries a schedule out.
package struct FaultCourse: Sendable {
  package private(set) var marks: [FaultMark] = []
  /// Whom the faults of the last moment hit.
  package private(set) var last: [Int] = []
  private var moment: UInt64?

  package init() {}

  /// To be told before a command's victims are looked for. Faults of one time are one.
  package mutating func begin(_ command: FaultCommand, moment: UInt64) {
    guard command.isFault, self.moment != moment else { return }
    last = []
    self.moment = moment
  }

  /// The mark of what was done at `time`, nanoseconds.
  @discardableResult
  package mutating func note(
    _ command: FaultCommand, _ victims: [Int], _ situation: Situation, at time: UInt64
  ) -> FaultMark {
    if command.isFault { last += victims.filter { !last.contains($0) } }
    let isByNumber = command.victims.allSatisfy { if case .server = $0 { true } else { false } }
    let who = victims.map(String.init).joined(separator: " ")
    let text = isByNumber || who.isEmpty ? "\(command)" : "\(command) (\(who))"
    let mark = FaultMark(
      at: time, text, isFault: command.isFault, servers: situation.hit(by: command, victims),
      moment: command.isFault ? moment : nil)
    marks.append(mark)
    return mark
  }
}
