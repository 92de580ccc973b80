import Bytes
import KVStore

// A server hands its clients' writes to the primary, each group once: it is handed over again only after it is
// certain that it never entered a log, or, within a view, under the same sequence number.
extension Replica {
  mutating func onWrites(first: UInt64, count: Int, bytes: [UInt8], isStrict: Bool) {
    precondition(count <= Bounds.groupWritesMax && bytes.count <= Bounds.groupBytesMax)
    let group = Group(session: session, first: first, count: count, bytes: bytes)
    guard waiting.count < Bounds.waitingGroupsMax else { return fail(group, .overloaded) }
    waiting.add(group, from: .clients(isStrict: isStrict), at: now)
  }

  mutating func fail(_ group: Group, _ failure: Failure) {
    for index in 0..<group.count { out.writeFailures.append((group.first + UInt64(index), failure)) }
  }

  /// Backup or learner: forwards what is not handed over yet, in order. Not to a primary that may be gone: what has not
  /// left can still be refused with certainty.
  mutating func forwardWaiting() {
    guard waiting.hasUnhanded, isNormal, let primaryServer = primaryOfView, primaryServer != server,
      !isPrimaryDoubted || !options.holds(.noForwardToADoubtedPrimary)
    else { return }
    if forwarded.epoch != epoch.id || forwarded.view != view { forwarded = (epoch.id, view, 0) }
    var room = Bounds.forwardsMax
    // In loops, here and elsewhere: a closure that asks the replica asks a copy of it.
    for item in waiting.all where isForwardedNow(item) { room -= 1 }
    for index in waiting.all.indices where waiting.isReady(waiting.all[index]) {
      guard room > 0 else { return }
      room -= 1
      let handed = WaitingGroups.Handed(epoch: epoch.id, view: view, sequence: forwarded.count, at: now)
      waiting.hand(index, handed)
      forwarded.count += 1
      sendForward(waiting.all[index].group, handed, to: primaryServer)
    }
  }

  private mutating func sendForward(
    _ group: Group, _ handed: WaitingGroups.Handed, to primaryServer: ServerIndex
  ) {
    guard let sequence = handed.sequence else { return }
    send(.forward(Forward(view: handed.view, sequence: sequence, group: group)), to: primaryServer)
  }

  /// What was forwarded in this view and has not come back is sent again, all of it and in order, since the primary
  /// takes nothing out of turn: it counts, so it logs each once.
  mutating func repeatForwards() {
    guard isNormal, let primaryServer = primaryOfView, primaryServer != server else { return }
    guard let oldest = waiting.all.first(where: { isForwardedNow($0) })?.handed,
      now >= oldest.at + options.forwardTicks
    else { return }
    for index in waiting.all.indices where isForwardedNow(waiting.all[index]) {
      guard var handed = waiting.all[index].handed else { continue }
      handed.at = now
      waiting.hand(index, handed)
      sendForward(waiting.all[index].group, handed, to: primaryServer)
    }
  }

  /// Primary: queues a forwarded group if it is the sender's next.
  mutating func onForward(_ forward: Forward, from message: Message) {
    guard isNormalPrimary, forward.view == view,
      peers[message.from].session == forward.group.session,
      primary.queue.count < Bounds.queuedGroupsMax
    else { return }
    if options.holds(.forwardsAreCounted), !primary.forwards[message.from].accepts(forward) {
      let next = primary.forwards[message.from].next
      return send(.forwardOk(ForwardOk(view: view, next: next)), to: message.from)
    }
    primary.queue.append((message.from, forward.group))
  }

  /// What the primary has counted and nobody waits for need not be repeated.
  mutating func onForwardOk(_ ok: ForwardOk, from message: Message) {
    guard isNormal, ok.view == view, message.from == primaryOfView else { return }
    let id = epoch.id
    _ = waiting.removeAll { item in
      guard item.isGivenUp, let handed = item.handed, let sequence = handed.sequence else { return false }
      return handed.epoch == id && handed.view == ok.view && sequence < ok.next
    }
  }

  /// An executed op of a later view, or the end of the epoch, decides what was handed over before: it has been
  /// executed by now, or it never will be. That the later view has merely started decides nothing.
  mutating func decideForwards(by entry: LogEntry) {
    guard execution.noteView(of: entry) else { return }
    let id = execution.epoch.id
    if entry.op == execution.epoch.startOp {
      waiting.release { $0.epoch.number < id.number }
    } else {
      waiting.release { $0.epoch == id && $0.view < entry.view }
    }
    _ = waiting.removeAll { $0.isGivenUp && $0.handed == nil }
  }

  private func isForwardedNow(_ item: WaitingGroups.Waiting) -> Bool {
    guard let handed = item.handed, handed.sequence != nil else { return false }
    return handed.epoch == epoch.id && handed.view == view
  }

  /// Gives up what waited too long: refused if it certainly entered no log, unknown otherwise.
  mutating func expireWrites() {
    let (now, limit, deadline) = (now, options.writeRefuseTicks, options.deadlineTicks)
    for item in waiting.removeAll(where: {
      $0.handed == nil && !$0.isOverlays && now >= $0.arrived + limit
    }) {
      fail(item, .unavailable)
    }
    for item in waiting.giveUp(where: { now >= $0.arrived + deadline }) { fail(item, .unknown) }
    // No log of this server's will tell of them.
    _ = waiting.removeAll { $0.isGivenUp && $0.handed?.relayed != nil }
  }

  /// A snapshot replaced ops that were not executed here: what they did with waiting writes is known only for
  /// those whose idempotency key it records.
  mutating func settleWaitingAfterSnapshot() {
    waiting.giveUpOverlays()
    for item in waiting.giveUp(where: { $0.handed?.relayed == nil }) {
      guard case .clients = item.source else {
        fail(item, .unknown)
        continue
      }
      var number = item.group.first
      item.group.bytes.withUnsafeBytes { raw in
        var reader = WriteReader(raw)
        while let write = try? reader.next() {
          if let key = write.idempotencyKey, execution.store.contains(idempotencyKey: key) {
            _ = execution.store.answer(write, ticket: number, into: &out.writeOutcomes)
          } else {
            out.writeFailures.append((number, .unknown))
          }
          number += 1
        }
      }
    }
  }
}

/// Which group of a server's session comes next in this view.
struct ForwardSequence: Sendable {
  private var session: Session = 0
  private(set) var next: UInt64 = 0

  mutating func accepts(_ forward: Forward) -> Bool {
    if session != forward.group.session {
      session = forward.group.session
      next = 0
    }
    guard forward.sequence == next else { return false }
    next += 1
    return true
  }
}
