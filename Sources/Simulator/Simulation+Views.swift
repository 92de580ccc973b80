import VSR

// Which view changes were for nothing: a measure of how well silence is told from death.
extension Simulation {
  /// Of a calm run: silence has yet to be learned when the first delays come.
  private static let needlessMax = 3
  private static let troubleLasts: UInt64 = 600_000

  /// A server has left `view`. If it is the first to do so, was there any reason?
  func noteViewLeft(_ view: View, by server: SimulatedServer) {
    let epoch = server.process!.replica.epoch
    guard view >= viewsLeft[epoch.id] ?? 0 else { return }
    viewsLeft[epoch.id] = server.process!.replica.view
    let primary = servers[epoch.primary(of: view)]
    guard let replica = primary.process?.replica, replica.epoch.id == epoch.id, replica.view == view,
      replica.isNormal
    else { return }
    guard !isTroubled(primary) else { return }
    report.viewsLeftNeedlessly += 1
    trace?("\(now) view \(view) is left for nothing")
    if settings.swarm == .calm, isFaulty, report.viewsLeftNeedlessly > Simulation.needlessMax {
      checker.fail(.viewsLast, server.index, now, "view \(view) is left, and its primary was well")
    }
  }

  /// Whether it, or its links to so many that the rest is no quorum, have been in trouble of late.
  private func isTroubled(_ primary: SimulatedServer) -> Bool {
    let configuration = primary.process!.replica.epoch.configuration
    let inTouch = configuration.weight { member in
      member.server == primary.index
        || (lastTrouble(between: primary.index, member.server) + Simulation.troubleLasts < now
          && servers[member.server].isUp)
    }
    return inTouch < configuration.quorum || now <= primary.troubledAt + Simulation.troubleLasts
  }

  /// `UInt64.max / 2`: there is some now.
  private func lastTrouble(between one: ServerIndex, _ other: ServerIndex) -> UInt64 {
    var last = servers[other].troubledAt
    for index in [network.index(one, other), network.index(other, one)] {
      let link = network.links[index]
      if link.cuts > 0 || link.voids > 0 { return .max / 2 }
      last = max(last, link.troubledAt, link.cloggedUntil)
    }
    return last
  }
}
