import Bytes
import VSR
import Wire

extension Simulation {
  func send(_ message: Message, to: ServerIndex) {
    report.messages += 1
    let index = network.index(message.from, to)
    trace?("  -> \(to) \(describe(message))")
    hash.mix(UInt64(index) << 8 | message.payload.code, message.epoch.hash)
    refuseIfDown(to, toldTo: message.from, link: index)
    if isFaulty, networkRandom.chance(permille: rates.lossPermille) {
      report.faults[FaultKind.loss.index] += 1
      return
    }
    guard let frame = encode(message) else { return }
    post(frame, from: message.from, to: to, link: index)
    if isFaulty, networkRandom.chance(permille: rates.duplicationPermille) {
      report.faults[FaultKind.duplication.index] += 1
      post(frame, from: message.from, to: to, link: index)
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

  private func encode(_ message: Message) -> [UInt8]? {
    var frame: [UInt8] = []
    guard frame.put(frame: message) else {
      let detail = "no frame has room for \(describe(message))"
      checker.fail(.boundedEffects, message.from, now, detail)
      return nil
    }
    report.bytes += frame.count
    return frame
  }

  /// What the receiver makes of a frame, which may come in two pieces.
  private func decode(_ frame: [UInt8], at server: SimulatedServer) -> Message? {
    let cut = frameCut % UInt64(frame.count)
    frameCut &+= 7
    frame.withUnsafeBytes { raw in
      frameReader.append(UnsafeRawBufferPointer(rebasing: raw[..<Int(cut)]))
      if cut > 0 { _ = try? frameReader.next() }
      frameReader.append(UnsafeRawBufferPointer(rebasing: raw[Int(cut)...]))
    }
    guard let message = try? frameReader.next(), frameReader.pendingCount == 0 else {
      checker.fail(.framesDecode, server.index, now, "\(frame.count) bytes of kind \(frame[5])")
      return nil
    }
    return message
  }

  private func post(_ frame: [UInt8], from: ServerIndex, to: ServerIndex, link index: Int) {
    let parcel = Network.Parcel(
      frame: frame, connection: network.links[index].connection, toLife: servers[to].life)
    let slot = network.put(parcel)
    if network.links[index].cuts > 0 { return hold(slot, link: index) }
    schedule(slot, from: from, to: to, link: index)
  }

  private func schedule(_ slot: UInt32, from: ServerIndex, to: ServerIndex, link index: Int) {
    var delay = settings.delayMin + networkRandom.spread(mean: settings.delayMean)
    if isFaulty, networkRandom.chance(permille: rates.spikePermille) {
      report.faults[FaultKind.delays.index] += 1
      delay += networkRandom.spread(mean: settings.spikeMean)
    }
    var arrival = max(now, network.links[index].cloggedUntil) + UInt64(delay)
    if isFaulty, networkRandom.chance(permille: rates.reorderingPermille) {
      report.faults[FaultKind.reordering.index] += 1
    } else {
      arrival = max(arrival, network.links[index].lastArrival)
      network.links[index].lastArrival = arrival
    }
    queue.add(
      Happening(kind: .delivery, server: UInt8(to), peer: UInt8(from), slot: slot), at: arrival)
  }

  private func hold(_ slot: UInt32, link index: Int) {
    if settings.cutHolds, network.links[index].held.count < Network.heldMax {
      network.links[index].held.append(slot)
    } else {
      _ = network.take(slot)
    }
  }

  func arrive(_ happening: Happening) {
    let (from, to) = (Int(happening.peer), Int(happening.server))
    let index = network.index(from, to)
    if network.links[index].cuts > 0 { return hold(happening.slot, link: index) }
    let parcel = network.take(happening.slot)
    let server = servers[to]
    guard server.isUp else { return }
    if parcel.connection != network.links[index].connection || parcel.toLife != server.life {
      guard rates.isStray, isFaulty, networkRandom.chance(permille: 500) else { return }
      report.faults[FaultKind.stray.index] += 1
    }
    if let message = decode(parcel.frame, at: server) { take(.message(message), at: server) }
  }

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
      guard network.links[index].cuts == 0 else { continue }
      let held = network.links[index].held
      network.links[index].held.removeAll()
      for slot in held {
        let from = index / network.serverCount
        schedule(slot, from: from, to: index % network.serverCount, link: index)
      }
    }
  }

  /// Ends the connections between two servers: what is on its way is lost, and both are told.
  func resetConnection(_ first: ServerIndex, _ second: ServerIndex) {
    for (from, to) in [(first, second), (second, first)] {
      renewConnection(network.index(from, to))
      if servers[to].isUp { reset(peer: from, toldTo: to) }
    }
  }

  /// What is on its way is of an old connection from now on; the new one does not wait behind it.
  func renewConnection(_ index: Int) {
    network.links[index].connection += 1
    network.links[index].troubledAt = now
    network.links[index].lastArrival = now
    for slot in network.links[index].held { _ = network.take(slot) }
    network.links[index].held.removeAll()
  }
}
