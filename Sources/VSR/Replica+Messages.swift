import Bytes

// What comes in: who may speak, of which epoch, and to which handler it goes.
extension Replica {
  mutating func onMessage(_ message: Message) {
    guard message.from != server, (0..<serverCount).contains(message.from) else { return }
    switch message.payload {
    case .ping(let ping): return onPing(ping, from: message)
    case .pong(let pong): return onPong(pong, from: message)
    default: break
    }
    guard isFromTheLiving(message) else { return answerTheUnknown(message) }
    hear(message.from)
    if message.epoch.number > formation.epochHeard { hearOfEpoch(message.epoch, from: message.from) }
    dispatchAcrossEpochs(message)
  }

  private mutating func hear(_ other: ServerIndex) {
    peers[other].hear(at: now, limit: options.silenceTicksMax)
  }

  /// Only the life that answered last speaks for a server; anybody else must first answer a nonce.
  private mutating func isFromTheLiving(_ message: Message) -> Bool {
    guard options.holds(.deadIncarnationsAreDropped) else { return true }
    let isDead = peers[message.from].isDead(message.incarnation)
    if peers[message.from].incarnation == message.incarnation, !isDead { return true }
    if !isDead {
      peers[message.from].learn(of: message.incarnation, lastNonce: noncesSent)
      ping(message.from)
    }
    return false
  }

  /// A start asks for state before anybody has made sure of who it is. The answer says nothing of the asker, and
  /// nothing is kept.
  private mutating func answerTheUnknown(_ message: Message) {
    if case .getState(let request) = message.payload, !peers[message.from].isDead(message.incarnation) {
      return onGetState(request, from: message)
    }
    counters.messagesDropped += 1
  }

  /// Formation and state transfer know no epochs.
  private mutating func dispatchAcrossEpochs(_ message: Message) {
    switch message.payload {
    case .ping, .pong: break
    case .getState(let request): onGetState(request, from: message)
    case .newState(let state): onNewState(state, from: message)
    case .getSnapshot(let request): onGetSnapshot(request, from: message)
    case .snapshotChunk(let chunk): onSnapshotChunk(chunk, from: message)
    case .moved: hearOfEpoch(message.epoch, from: message.from)
    case .propose(let propose): onPropose(propose, from: message)
    case .agree(let agree): onAgree(agree, from: message)
    case .announce(let announcement): onAnnounce(announcement, from: message)
    case .belowQuorum: onBelowQuorum(from: message.from)
    case .relayReads(let relay): onRelayReads(relay, from: message.from)
    case .relayWrites(let relay): onRelayWrites(relay, from: message.from)
    case .relayed(let relayed): onRelayed(relayed, from: message.from)
    case .prepare, .prepareOk, .commit, .startViewChange, .doViewChange, .startView, .probe, .probeReply,
      .forward, .forwardOk, .leave:
      guard isOfThisEpoch(message) else { return }
      if isMember(message) { formation.entered.insert(message.from) }
      dispatchWithinEpoch(message)
    }
  }

  /// What does not fit is dropped; one that lags is told, one that is ahead is asked.
  private mutating func isOfThisEpoch(_ message: Message) -> Bool {
    // Whole identities: siblings can share a number.
    if message.epoch == epoch.id || !options.holds(.otherEpochsAreTurnedAway) { return isBorn && !isFrozen }
    if message.epoch.number < epoch.id.number {
      tellMoved(message.from)
    } else if message.epoch.number > epoch.id.number {
      requestState(of: message.from)
    }
    return false
  }

  private mutating func dispatchWithinEpoch(_ message: Message) {
    switch message.payload {
    case .prepare(let prepare): onPrepare(prepare, from: message)
    case .prepareOk(let ok): onPrepareOk(ok, from: message)
    case .commit(let commit): onCommit(commit, from: message)
    case .startViewChange(let change): onStartViewChange(change, from: message)
    case .doViewChange(let change): onDoViewChange(change, from: message)
    case .startView(let start): onStartView(start, from: message)
    case .probe(let probe): onProbe(probe, from: message)
    case .probeReply(let reply): onProbeReply(reply, from: message)
    case .forward(let forward): onForward(forward, from: message)
    case .forwardOk(let ok): onForwardOk(ok, from: message)
    case .leave: onLeave(from: message)
    case .ping, .pong, .getState, .newState, .getSnapshot, .snapshotChunk, .moved, .propose, .agree,
      .announce, .belowQuorum, .relayReads, .relayWrites, .relayed:
      break
    }
  }
}

// MARK: - Ping and pong

extension Replica {
  private var selfPing: Ping {
    Ping(
      nonce: session &+ noncesSent, session: session, view: view, commit: commit,
      excluded: formation.excluded,
      lossAcknowledged: formation.lossAcknowledged)
  }

  /// Asks who is there, with a number never used before. It needs no synced state: it promises nothing.
  mutating func ping(_ other: ServerIndex) {
    noncesSent += 1
    sendUnheld(.ping(selfPing), to: other)
  }

  mutating func sendUnheld(_ payload: Payload, to other: ServerIndex) {
    let message = Message(from: server, incarnation: incarnation, epoch: epoch.id, payload: payload)
    out.messages.append((other, message))
  }

  private mutating func onPing(_ ping: Ping, from message: Message) {
    var pong = selfPing
    pong.nonce = ping.nonce
    sendUnheld(.pong(pong), to: message.from)
    if options.holds(.deathIsProvenByNonce) {
      if peers[message.from].incarnation != message.incarnation || peers[message.from].session != ping.session
      {
        guard !peers[message.from].isDead(message.incarnation) else { return }
        peers[message.from].learn(of: message.incarnation, lastNonce: noncesSent)
        self.ping(message.from)
        return
      }
    } else {
      noncesSent += 1
      hear(message, ping, nonce: noncesSent, isProof: false)
    }
    note(ping, from: message)
  }

  private mutating func onPong(_ pong: Ping, from message: Message) {
    // Nonces count on from the session: one of another run is not this run's.
    let nonce = pong.nonce &- session
    guard nonce <= noncesSent, nonce > 0 else { return }
    hear(message, pong, nonce: nonce, isProof: true)
    guard peers[message.from].incarnation == message.incarnation else { return }
    peers[message.from].answer(at: now)
    note(pong, from: message)
    if isLeaving { makeRoomForLeavers() }
  }

  private mutating func hear(_ message: Message, _ ping: Ping, nonce: UInt64, isProof: Bool) {
    let isNew = peers[message.from].hear(
      message.incarnation, session: ping.session, answering: nonce, isProof: isProof)
    if isNew { primary.forwards[message.from] = ForwardSequence() }
  }

  private mutating func note(_ ping: Ping, from message: Message) {
    guard peers[message.from].incarnation == message.incarnation else { return }
    hear(message.from)
    peers[message.from].view = ping.view
    peers[message.from].commit = ping.commit
    peers[message.from].epochNumber = message.epoch.number
    acknowledgeLoss(of: ping.lossAcknowledged)
    // What an operator said to a server of this epoch holds for all of them; a later epoch has settled it.
    if !isBorn || message.epoch == epoch.id {
      formation.excluded.bits |= ping.excluded.bits & ~(1 << UInt8(server))
    }
    if message.epoch.number > epoch.id.number || message.epoch.number > formation.epochHeard {
      hearOfEpoch(message.epoch, from: message.from)
    } else if message.epoch == epoch.id, ping.view > view || ping.commit > commit + 2 * Bounds.pipelineMax {
      requestState(of: message.from)
    }
  }
}

// MARK: - Time and hints

extension Replica {
  mutating func onTick() {
    now += 1
    if now == 1 || now % options.pingTicks == UInt64(server) % options.pingTicks {
      for other in others { ping(other) }
    }
    noteSuspicions()
    beat()
    tickPrimary()
    tickLeaving()
    tickConfiguration()
    tickViewChange()
    tickTransfer()
    tickFormation()
    repeatForwards()
    expireWrites()
    expireReads()
    widenProbes()
    expireRelays()
    tickBelowQuorum()
    noteConfirmation()
    workASlice()
  }

  /// What this server did not hear while it was held up it might have heard: every window of suspicion is put off
  /// by as much. Votes are not: what others said may be as old. Requests that wait count wall time.
  mutating func onStalled(_ ticks: Tick) {
    now += ticks
    guard options.holds(.stallIsNoSilence) else { return }
    for other in peers.indices { peers[other].putOff(by: ticks) }
    change.putOff(by: ticks)
    primary.putOff(by: ticks)
    below.putOff(by: ticks)
  }

  /// A process that refuses or resets a connection is probably gone; if not, it answers.
  mutating func onLinkReset(_ other: ServerIndex) {
    guard other != server, (0..<serverCount).contains(other) else { return }
    peers[other].reset()
    ping(other)
    widenProbes()
    guard other == primaryOfView, status == .normal else { return }
    change.isPrimarySuspected = true
    vote()
  }
}
