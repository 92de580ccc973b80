import Bytes
import KVStore

// Reads at any server, without the primary: after Paxos Quorum Reads (Charapko, Ailijiang and Demirbas, 2019),
// made exact for views and epochs.
//
// Whatever was acknowledged before the probe was sent is, at one of a quorum of members, in a log whose log view
// is v, the greatest answered, or lower; then v's log holds it too. So no op beyond b, the greatest head
// answered from v, matters: the reader serves a key once nothing that may write it stands between its executed
// state and b.

extension Replica {
  mutating func onReads(_ batch: Reads) {
    guard !batch.isEmpty else { return }
    guard reads.count + batch.count <= Bounds.waitingReadsMax else {
      for ticket in batch.tickets { out.readFailures.append((ticket, .overloaded)) }
      return
    }
    guard options.holds(.readsProbe) else { return serve(batch) }
    if !options.holds(.readJoinsUnsentProbe), let last = reads.batches.indices.last {
      reads.batches[last].join(batch)
      return
    }
    reads.pending.append((now, batch))
  }

  /// All reads that wait share the next probe: none joins one that has been sent.
  mutating func sendProbe() {
    guard isBorn, !isFrozen, !reads.pending.isEmpty, reads.mayProbe else { return }
    let (arrived, joined) = reads.takePending()
    let id = options.holds(.probeIdIsFresh) ? reads.nextID() : 1
    var batch = ReadQueue.Batch(arrived: arrived, reads: joined, id: id, epoch: epoch.id, sentAt: now)
    let asked = likelyQuorum
    batch.asked = asked
    reads.batches.append(batch)
    counters.probesSent += 1
    for other in asked { send(.probe(Probe(id: id)), to: other) }
    answerReads()
  }

  /// Whom a probe is sent to at first: those who make a quorum with this server and can be expected to answer, the
  /// primary among them, as its answer is the most exact; all members where these are too few.
  private var likelyQuorum: ServerMask {
    let members = epoch.configuration.members
    let needed = epoch.configuration.quorum
    var weight = isMember ? members.first { $0.server == server }!.weight : 0
    var asked = ServerMask()
    if let primary = primaryOfView, let member = epoch.configuration.member(at: primary), isPrompt(member) {
      asked.insert(primary)
      weight += member.weight
    }
    // The heavier first, so that they are few; from this server on, so that not all ask the same.
    for wanted in [2, 1] {
      for step in 1..<max(serverCount, 2) where weight < needed {
        guard let member = epoch.configuration.member(at: (server + step) % serverCount) else { continue }
        guard member.weight == wanted, !asked.contains(member.server), isPrompt(member) else { continue }
        asked.insert(member.server)
        weight += member.weight
      }
    }
    let isEnough = weight >= needed && options.hedgeTicks > 0
    return isEnough ? asked : ServerMask(members.map(\.server).filter { $0 != server })
  }

  private func isPrompt(_ member: Member) -> Bool {
    member.server != server && isInContact(member) && !isSuspected(member)
      && !peers[member.server].owesProbeReply
  }

  /// Where somebody who was asked does not answer, or is gone, the rest are asked the same: their answers count as
  /// well, since all reads of the batch had come before it was first sent.
  mutating func widenProbes() {
    for index in reads.batches.indices where reads.batches[index].bound == nil {
      let batch = reads.batches[index]
      let answered = batch.replies.answered
      guard batch.epoch == epoch.id else { continue }
      let isLate = now >= batch.sentAt + options.hedgeTicks
      let missing = batch.asked.filter { !answered.contains($0) }
      guard isLate || missing.contains(where: { peers[$0].isReset }) else { continue }
      for other in missing where isLate { peers[other].missProbe(at: now) }
      for member in epoch.configuration.members
      where member.server != server && !batch.asked.contains(member.server) {
        reads.batches[index].asked.insert(member.server)
        send(.probe(Probe(id: batch.id)), to: member.server)
      }
    }
  }

  mutating func onProbe(_ probe: Probe, from message: Message) {
    guard !isFrozen, isMember || !options.holds(.onlyMembersAnswerProbes) else { return }
    if isNormalPrimary, log.head > commit { primary.readers.insert(message.from) }
    let head = options.holds(.probeAnswersHeadNotCommit) ? log.head : commit
    let reply = ProbeReply(
      id: probe.id, logView: logView, head: head, commit: commit,
      startOp: isNormalPrimary ? (options.holds(.startOpBoundsPrimarysAnswer) ? primary.startOp : 0) : nil)
    send(.probeReply(reply), to: message.from)
  }

  mutating func onProbeReply(_ reply: ProbeReply, from message: Message) {
    guard isMember(message) || !options.holds(.onlyMembersAnswerProbes) else { return }
    let isPrimarys = epoch.primary(of: reply.logView) == message.from
    for index in reads.batches.indices where reads.batches[index].id == reply.id {
      reads.batches[index].replies.add(reply, from: message.from, isPrimarys: isPrimarys)
    }
    if reply.startOp != nil, isNormal, reply.logView == view, message.from == primaryOfView {
      raiseCommit(to: reply.commit)
    }
  }

  /// Serves what can be served; begins anew what the log's course has overtaken.
  mutating func answerReads() {
    guard !reads.batches.isEmpty else { return }
    var mayGo = false
    for index in reads.batches.indices {
      bound(index)
      serveBatch(index)
      mayGo = mayGo || reads.batches[index].unansweredCount == 0 || mustBeginAnew(index)
    }
    guard mayGo else { return }
    var again: [(arrived: Tick, reads: Reads)] = []
    for index in reads.batches.indices where reads.batches[index].unansweredCount > 0 && mustBeginAnew(index)
    {
      again.append((reads.batches[index].arrived, reads.batches[index].takeUnanswered()))
    }
    reads.batches.removeAll { $0.unansweredCount == 0 }
    if !again.isEmpty { reads.pending = again + reads.pending }
  }

  private func mustBeginAnew(_ index: Int) -> Bool {
    guard reads.batches[index].epoch == epoch.id else { return true }
    let isLate = now >= reads.batches[index].sentAt + options.probeTicks
    guard let bound = reads.batches[index].bound else { return isLate }
    return logView > bound.logView || (logView < bound.logView && isLate)
  }

  /// Once a quorum has answered: how far must be seen. This server's own log counts if it is a member.
  private mutating func bound(_ index: Int) {
    guard reads.batches[index].bound == nil, reads.batches[index].epoch == epoch.id else { return }
    let isMember = isMember
    var answered = reads.batches[index].replies.answered
    if isMember { answered.insert(server) }
    let weight =
      options.holds(.onlyMembersAnswerProbes) ? epoch.configuration.weight(of: answered) : answered.count
    guard weight >= epoch.configuration.quorum else { return }
    var replies = reads.batches[index].replies
    if isMember {
      let startOp = isNormalPrimary ? primary.startOp : nil
      replies.add(
        ProbeReply(
          id: reads.batches[index].id, logView: logView, head: log.head, commit: commit, startOp: startOp),
        from: server, isPrimarys: startOp != nil)
    }
    let op = replies.op(comparesLogViews: options.holds(.probeComparesLogViews))
    reads.batches[index].bound = (replies.logView, op)
    if logView < replies.logView { requestStateOfAny() }
  }

  private mutating func serveBatch(_ index: Int) {
    guard let bound = reads.batches[index].bound, reads.batches[index].epoch == epoch.id else { return }
    if execution.op >= bound.op {
      confirmed = max(confirmed ?? 0, reads.batches[index].sentAt)
      // Nothing stands between: no key need be looked for.
      if overlay.isEmpty, let all = reads.batches[index].takeAll() { return serve(all) }
    }
    let canLookAhead =
      (logView == bound.logView || !options.holds(.probeComparesLogViews)) && log.head >= bound.op && isMember
    guard execution.op >= bound.op || canLookAhead else { return }
    let (batch, store) = (reads.batches[index].reads, execution.store)
    for item in 0..<batch.count where !reads.batches[index].isAnswered(item) {
      if batch.isWhole(at: item) {
        // It reads every key, also those that nobody can name yet.
        if execution.op < bound.op, options.holds(.wholeReadsAwaitEveryOp) { continue }
      } else if !(execution.op >= bound.op && overlay.isEmpty) {
        let hash = batch.withKey(at: item) { SipHash.hash($0) }
        if overlay.holds(keyHash: hash), options.holds(.keptKeysWaitForTheirMerge) { continue }
        if mayBeWritten(hash, through: bound.op) { continue }
      }
      reads.batches[index].setAnswered(item)
      serve(batch, item, from: store)
    }
  }

  /// Whether an op not yet executed, through `op`, may write the key with this hash. A stop-sign writes every key.
  private mutating func mayBeWritten(_ hash: UInt64, through op: Op) -> Bool {
    guard op > execution.op else { return false }
    for entry in log.entries(in: execution.op + 1...op) {
      switch entry.kind {
      case .noop: continue
      case .stopSign, .birth: if options.holds(.stopSignWritesEveryKey) { return true }
      case .requests: if execution.mayWrite(entry, keyHash: hash) { return true }
      }
    }
    return false
  }

  private mutating func serve(_ batch: Reads) {
    // Asked of the property, each read would be asked of a copy of its own.
    let store = execution.store
    for index in 0..<batch.count { serve(batch, index, from: store) }
  }

  private mutating func serve(_ batch: Reads, _ index: Int, from store: Store) {
    counters.readsServed += 1
    guard !batch.isWhole(at: index) else { return out.storeOutcomes.append((batch.ticket(at: index), store)) }
    batch.withKey(at: index) {
      out.readOutcomes.append(ticket: batch.ticket(at: index), key: $0, from: store)
    }
  }

  /// A read that cannot be proven in time is refused: it never did anything.
  mutating func expireReads() {
    let limit = options.readRefuseTicks
    for item in reads.pending where now >= item.arrived + limit { refuse(item.reads) }
    reads.pending.removeAll { now >= $0.arrived + limit }
    for index in reads.batches.indices where now >= reads.batches[index].arrived + limit {
      refuse(reads.batches[index].takeUnanswered())
    }
    reads.batches.removeAll { $0.unansweredCount == 0 }
  }

  mutating func refuse(_ batch: Reads) {
    for ticket in batch.tickets { out.readFailures.append((ticket, .unavailable)) }
  }
}
