import Bytes
import VSR
import Wire

/// A link is a connection after another: what one end writes the other reads in order, or, from some byte on, not at
/// all. Loss and duplication happen before that: the message is not sent, or twice.
extension Simulation {
  func send(_ message: Message, to: ServerIndex) {
    report.messages += 1
    let index = network.index(message.from, to)
    trace?("  -> \(to) \(describe(message))")
    hash.mix(UInt64(index) << 8 | message.payload.code, message.epoch.hash)
    guard network.links[index].voids == 0 else { return }
    refuseIfDown(to, toldTo: message.from, link: index)
    if isFaulty, networkRandom.chance(permille: rates.lossPermille) {
      report.faults[FaultKind.loss.index] += 1
      return
    }
    put(message, to: to, link: index)
    if isFaulty, networkRandom.chance(permille: rates.duplicationPermille) {
      report.faults[FaultKind.duplication.index] += 1
      put(message, to: to, link: index)
    }
  }

  /// A process that is not there: whoever speaks to it hears that its connection is refused.
  private func refuseIfDown(_ to: ServerIndex, toldTo from: ServerIndex, link index: Int) {
    guard !servers[to].isUp, network.links[index].cuts == 0, now >= network.links[index].refusedAt + 50_000
    else { return }
    network.links[index].refusedAt = now
    reset(peer: to, toldTo: from)
  }

  func reset(peer: ServerIndex, toldTo server: ServerIndex) {
    let delay = UInt64(settings.delayMin + networkRandom.spread(mean: settings.delayMean))
    queue.add(
      Happening(kind: .linkReset, server: UInt8(server), peer: UInt8(peer), life: servers[server].life),
      at: now + delay)
  }

  private func put(_ message: Message, to: ServerIndex, link index: Int) {
    if network.links[index].cuts > 0, !settings.cutHolds { return }
    guard let frame = encode(message, link: index) else { return }
    let isBulk = message.payload.kind.isBulk
    if network.links[index].pressure.passes(isBulk: isBulk) {
      return post(frame, isBulk: isBulk, to: to, link: index)
    }
    report.faults[FaultKind.backPressure.index] += 1
    if network.links[index].pressure.wait(frame, isBulk: isBulk) == nil { resetConnection(message.from, to) }
  }

  private func encode(_ message: Message, link index: Int) -> [UInt8]? {
    guard network.links[index].connection.writer.version.carries(message.payload.kind) else { return nil }
    var frame: [UInt8] = []
    guard network.links[index].connection.writer.put(message, into: &frame) else {
      let detail = "no frame has room for \(describe(message))"
      checker.fail(.boundedEffects, message.from, now, detail)
      return nil
    }
    report.bytes += frame.count
    return frame
  }

  func post(_ frame: [UInt8], isBulk: Bool, to: ServerIndex, link index: Int) {
    network.links[index].pressure.underWay += frame.count
    let parcel = Network.Parcel(
      frame: frame, connection: network.links[index].connection.number, toLife: servers[to].life)
    let arrival = arrivalTime(of: frame, isBulk: isBulk, link: index)
    let from = index / network.serverCount
    queue.add(
      Happening(kind: .delivery, server: UInt8(to), peer: UInt8(from), slot: network.put(parcel)), at: arrival
    )
  }

  private func arrivalTime(of frame: [UInt8], isBulk: Bool, link index: Int) -> UInt64 {
    var delay = settings.delayMin + networkRandom.spread(mean: settings.delayMean)
    if isFaulty, networkRandom.chance(permille: rates.spikePermille) {
      report.faults[FaultKind.delays.index] += 1
      delay += networkRandom.spread(mean: settings.spikeMean)
    }
    let begins = network.links[index].passTime(of: frame.count, from: now)
    var arrival = max(begins, network.links[index].cloggedUntil) + UInt64(delay)
    // What leaves out what was said before stays in its place.
    let isFree = isBulk || network.links[index].connection.writer.version == .one
    if isFaulty, isFree, networkRandom.chance(permille: rates.reorderingPermille) {
      report.faults[FaultKind.reordering.index] += 1
    } else {
      arrival = max(arrival, network.links[index].lastArrival)
      network.links[index].lastArrival = arrival
    }
    return arrival
  }

  func arrive(_ happening: Happening) {
    let (from, to) = (Int(happening.peer), Int(happening.server))
    let index = network.index(from, to)
    if network.links[index].isWaiting {
      guard settings.cutHolds else { return lose(happening.slot, link: index) }
      network.links[index].held.append(happening.slot)
      // More than any sender keeps: it gives the connection up.
      if network.links[index].held.count > Network.heldMax { resetConnection(from, to) }
      return
    }
    read(happening.slot, from: from, to: to)
    relieve(link: index)
  }

  /// Its bytes never come, and so nothing that was written behind them.
  private func lose(_ slot: UInt32, link index: Int) {
    let parcel = network.take(slot)
    network.links[index].breakConnection(parcel.connection)
    if parcel.connection == network.links[index].connection.number { renewConnection(index) }
  }

  private func read(_ slot: UInt32, from: ServerIndex, to: ServerIndex) {
    let index = network.index(from, to)
    let parcel = network.take(slot)
    let isCurrent = parcel.connection == network.links[index].connection.number
    if isCurrent { network.links[index].pressure.underWay -= parcel.frame.count }
    guard let message = decode(parcel, link: index, to: to), servers[to].isUp else { return }
    if !isCurrent || parcel.toLife != servers[to].life {
      guard rates.isStray, isFaulty, networkRandom.chance(permille: 500) else { return }
      report.faults[FaultKind.stray.index] += 1
    }
    take(.message(message), at: servers[to])
  }

  /// What the connection's reader makes of a frame, which may come in two pieces.
  private func decode(_ parcel: Network.Parcel, link index: Int, to: ServerIndex) -> Message? {
    let cut = Int(frameCut % UInt64(parcel.frame.count))
    frameCut &+= 7
    let found: Message??
    if parcel.connection == network.links[index].connection.number {
      found = network.links[index].connection.read(parcel.frame, inTwoAt: cut)
    } else {
      found = network.links[index].readEarlier(parcel.connection, parcel.frame, inTwoAt: cut)
    }
    guard let read = found else { return nil }
    guard let message = read, message.from == index / network.serverCount else {
      checker.fail(.framesDecode, to, now, "\(parcel.frame.count) bytes of a frame are none")
      return nil
    }
    return message
  }

  // MARK: - Cuts and ends

  func cut(_ mask: LinkMask) {
    for index in network.links.indices where mask.contains(index) {
      network.links[index].cuts += 1
      network.links[index].troubledAt = now
    }
  }

  func heal(_ mask: LinkMask) {
    for index in network.links.indices where mask.contains(index) {
      network.links[index].cuts -= 1
      network.links[index].troubledAt = now
      guard network.links[index].cuts == 0, !network.links[index].held.isEmpty else { continue }
      let delay = UInt64(settings.delayMin + networkRandom.spread(mean: settings.delayMean))
      queue.add(Happening(kind: .linkHealed, slot: UInt32(index)), at: now + delay)
    }
  }

  /// What waited for the end of a cut is read, in order, before anything that comes later.
  func readHeld(link index: Int) {
    guard network.links[index].cuts == 0 else { return }
    let held = network.links[index].held
    network.links[index].held.removeAll()
    for slot in held {
      read(slot, from: index / network.serverCount, to: index % network.serverCount)
    }
    relieve(link: index)
  }

  /// Ends the connections between two servers: what is on its way is lost, and both are told.
  func resetConnection(_ first: ServerIndex, _ second: ServerIndex) {
    for (from, to) in [(first, second), (second, first)] {
      renewConnection(network.index(from, to))
      loseUnread(at: servers[to], from: from)
      if servers[to].isUp { reset(peer: from, toldTo: to) }
    }
  }

  /// A process that is held up has not read what came: with its connection that may be gone.
  func loseUnread(at server: SimulatedServer, from peer: ServerIndex) {
    guard rates.losesUnread, isFaulty, !server.inbox.isEmpty else { return }
    let before = server.inbox.count
    server.inbox.removeAll { event in
      if case .message(let message) = event { return message.from == peer }
      return false
    }
    report.faults[FaultKind.unread.index] += before - server.inbox.count
  }

  /// What is on its way is of an old connection from now on; the new one does not wait behind it.
  func renewConnection(_ index: Int) {
    let (from, to) = (index / network.serverCount, index % network.serverCount)
    let next = LinkConnection(
      number: network.links[index].connection.number + 1, serverCount: network.serverCount,
      version: servers[from].wire == .one ? .one : servers[to].wire, sender: from)
    for slot in network.links[index].renew(next, at: now) {
      network.links[index].breakConnection(network.take(slot).connection)
    }
  }

  /// A new process connects to all, with the versions that its program speaks.
  func renewConnections(of server: ServerIndex) {
    for other in servers.indices where other != server {
      renewConnection(network.index(server, other))
      renewConnection(network.index(other, server))
    }
  }
}
