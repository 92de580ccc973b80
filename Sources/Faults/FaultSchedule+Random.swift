extension FaultSchedule {
  /// A schedule drawn from a seed: one injury after the other, each repaired, each begun when all is well, and
  /// none that a cluster of that kind does not survive: state is taken away only while a quorum keeps its own.
  ///
  /// `machines`: each server has one of its own, with a plug, a cable and a clock.
  ///
  /// `milliseconds`: of the schedule's clock, which stands while the cluster settles.
  package static func random(
    seed: UInt64, milliseconds: UInt64, servers: Int, isDurable: Bool, cuts: Bool,
    machines: Bool = false
  ) -> FaultSchedule {
    var draw = Draw(state: seed)
    let ofMachines = machines ? Injury.ofMachines(servers: servers, isDurable: isDurable) : []
    let injuries = Injury.all(servers: servers, isDurable: isDurable, cuts: cuts) + ofMachines
    var entries: [Entry] = []
    var now = calmMin
    // Each kind once in every round, in another order, so that a short drill shows many kinds.
    var round: [Injury] = []
    while now + injuryMax + calmMax <= milliseconds, entries.count + 8 < entriesMax {
      if round.isEmpty { round = draw.shuffled(injuries) }
      guard let injury = round.popLast() else { break }
      let begins = now
      let ends = begins + draw.between(injuryMin, injuryMax)
      entries += injury.harm(&draw, servers).map { Entry(at: begins, $0) }
      entries += injury.repairs.map { Entry(at: ends, $0) }
      entries.append(Entry(at: ends, .settle))
      now = ends + draw.between(calmMin, calmMax)
    }
    return FaultSchedule(entries, end: milliseconds)
  }

  /// Milliseconds that an injury lasts.
  private static let injuryMin: UInt64 = 400
  private static let injuryMax: UInt64 = 2_500
  /// From the cluster's recovery to the next injury.
  private static let calmMin: UInt64 = 600
  private static let calmMax: UInt64 = 1_600
}

/// A kind of harm and what repairs it.
private struct Injury {
  /// What is done; two servers drawn for it.
  var commands: @Sendable (Victim, Victim) -> [FaultCommand]
  var repairs: [FaultCommand]

  func harm(_ draw: inout Draw, _ servers: Int) -> [FaultCommand] {
    let one = Int(draw.next() % UInt64(servers))
    let other = servers > 1 ? (one + 1 + Int(draw.next() % UInt64(servers - 1))) % servers : one
    return commands(.server(one), .server(other))
  }

  private init(_ repairs: [FaultCommand], _ commands: @escaping @Sendable (Victim, Victim) -> [FaultCommand])
  {
    (self.repairs, self.commands) = (repairs, commands)
  }

  static func all(servers: Int, isDurable: Bool, cuts: Bool) -> [Injury] {
    var injuries = [Injury([.thaw(.last)]) { _, _ in [.freeze(.primary)] }]
    // Of one or two, some server is a quorum: without a disk its end would lose everything.
    if isDurable || servers > 2 {
      injuries.append(Injury([.start(.last)]) { _, _ in [.kill(.primary)] })
      injuries.append(Injury([.start(.last)]) { _, _ in [.kill(.primary)] })
      injuries.append(Injury([.start(.last)]) { _, _ in [.stop(.primary)] })
    }
    if isDurable {
      injuries.append(Injury([.start(.all)]) { _, _ in [.kill(.all)] })
    }
    guard servers > 1 else { return injuries }
    injuries.append(Injury([.thaw(.last)]) { one, _ in [.freeze(one)] })
    injuries.append(Injury([.start(.last)]) { _, _ in [.kill(.light)] })
    injuries.append(Injury([.start(.last)]) { _, _ in [.wipe(.light)] })
    if servers > 2 {
      injuries.append(Injury([.start(.last)]) { _, _ in [.kill(.backup)] })
      injuries.append(Injury([.start(.last)]) { _, _ in [.stop(.backup)] })
      injuries.append(Injury([.start(.last)]) { _, _ in [.wipe(.primary)] })
    }
    // The heavy one and another are a quorum of four; three of five.
    if servers > 3 {
      injuries.append(Injury([.start(.last)]) { _, _ in [.kill(.light), .kill(.light)] })
    }
    return injuries + (cuts ? partitions : [])
  }

  /// Clocks that were moved stay so: the machines come to differ by hours, either way.
  static func ofMachines(servers: Int, isDurable: Bool) -> [Injury] {
    var injuries = [
      Injury([]) { _, _ in [.clock(.primary, by: 3600)] },
      Injury([]) { one, _ in [.clock(one, by: -3600)] },
    ]
    if isDurable { injuries.append(Injury([.start(.all)]) { _, _ in [.unplug(.all)] }) }
    if isDurable || servers > 2 {
      injuries.append(Injury([.start(.last)]) { _, _ in [.unplug(.primary)] })
    }
    guard servers > 1 else { return injuries }
    injuries.append(Injury([.start(.last)]) { _, _ in [.unplug(.light)] })
    injuries.append(Injury([.heal]) { _, _ in [.disconnect(.primary)] })
    injuries.append(Injury([.heal]) { one, _ in [.disconnect(one)] })
    return injuries
  }

  private static let partitions = [
    Injury([.heal]) { _, _ in [.isolate(.primary)] },
    Injury([.heal]) { _, _ in [.isolate(.primary)] },
    Injury([.heal]) { _, _ in [.isolate(.backup)] },
    Injury([.heal]) { one, other in [.cut(one, other)] },
    Injury([.heal]) { one, other in [.cutOneWay(from: one, to: other)] },
    Injury([.heal]) { _, _ in [.cutOneWay(from: .primary, to: .backup)] },
    Injury([.heal]) { _, _ in [.cutOneWay(from: .backup, to: .primary)] },
    Injury([.heal]) { one, other in [.split([one, other])] },
  ]
}

/// SplitMix64 (Steele, Lea and Flood, 2014): a seed means the same schedule on every machine.
private struct Draw {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  mutating func between(_ low: UInt64, _ high: UInt64) -> UInt64 { low + next() % (high - low + 1) }

  /// Fisher and Yates.
  mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
    var elements = elements
    for last in elements.indices.dropFirst().reversed() {
      elements.swapAt(last, Int(next() % UInt64(last + 1)))
    }
    return elements
  }
}
