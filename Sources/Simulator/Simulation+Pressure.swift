import VSR

// Links that are slow, and connections of which only one end is left.
extension Simulation {
  /// A link, or all of a server's, takes little at a time.
  func beginPressure(_ number: Int, _ fault: PlannedFault, _ choice: inout Random) {
    guard servers.count > 1 else { return }
    let slow = target(&choice).index
    let other = (slow + 1 + choice.below(servers.count - 1)) % servers.count
    let isAll = choice.chance(permille: 400)
    var pressure = BackPressure()
    pressure.window = choice.pick([500, 5_000, 50_000])
    pressure.rate = choice.pick([20, 200, 2_000])
    pressure.bulkMax = choice.pick([0, 100_000, 1_000_000])
    pressure.framesMax = choice.pick([20_000, 1_000_000, 16_000_000])
    pressure.until = now + fault.duration
    let mask = LinkMask(serverCount: servers.count) { from, to in
      from == slow && (isAll || to == other)
    }
    for index in network.links.indices where mask.contains(index) {
      network.links[index].pressure.limit(like: pressure)
      network.links[index].troubledAt = now
    }
    faultsInForce[number] = ForceOfFault(pressed: mask)
    endLater(number, at: pressure.until)
  }

  func endPressure(_ mask: LinkMask) {
    for index in network.links.indices
    where mask.contains(index) && now >= network.links[index].pressure.until {
      network.links[index].pressure.unlimit()
      network.links[index].troubledAt = now
      relieve(link: index)
    }
  }

  /// The socket takes what waits, as far as it has room.
  func relieve(link index: Int) {
    while let (frame, isBulk) = network.links[index].pressure.next() {
      post(frame, isBulk: isBulk, to: index % network.serverCount, link: index)
    }
  }

  /// One end hears at once that the connection is gone, the other after a while: until then all that it sends is
  /// lost, and it is told nothing.
  func beginHalfOpen(_ number: Int, _ fault: PlannedFault, _ choice: inout Random) {
    guard servers.count > 1 else { return }
    let knowing = target(&choice).index
    let other = (knowing + 1 + choice.below(servers.count - 1)) % servers.count
    let mask = LinkMask(serverCount: servers.count) { from, to in
      (from == knowing && to == other) || (from == other && to == knowing)
    }
    for index in network.links.indices where mask.contains(index) {
      network.links[index].voids += 1
      renewConnection(index)
    }
    if servers[knowing].isUp { reset(peer: other, toldTo: knowing) }
    faultsInForce[number] = ForceOfFault(void: mask, told: (peer: knowing, server: other))
    endLater(number, at: now + min(fault.duration, Simulation.linkSilence))
  }

  /// A link over which nothing comes is given up after this: transport's.
  private static let linkSilence: UInt64 = 1_000_000

  func endHalfOpen(_ force: ForceOfFault) {
    guard let mask = force.void else { return }
    for index in network.links.indices where mask.contains(index) {
      network.links[index].voids -= 1
      network.links[index].troubledAt = now
    }
    if let told = force.told, servers[told.server].isUp { reset(peer: told.peer, toldTo: told.server) }
  }
}
