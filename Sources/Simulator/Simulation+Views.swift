import VSR

// Which view changes were for nothing: a measure of how well silence is told from death.
extension Simulation {
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
    if !isTroubled(primary) { report.viewsLeftNeedlessly += 1 }
  }

  private func isTroubled(_ server: SimulatedServer) -> Bool {
    var last = server.troubledAt
    for other in servers.indices where other != server.index {
      for index in [network.index(server.index, other), network.index(other, server.index)] {
        let link = network.links[index]
        if link.cuts > 0 { return true }
        last = max(last, link.troubledAt, link.cloggedUntil)
      }
    }
    return now <= last + Simulation.troubleLasts
  }
}
