import Bytes
import KVStore

/// One server's part in Viewstamped Replication (Liskov and Cowling, Viewstamped Replication Revisited, 2012): a
/// function of its state and an event. It reads no clock, draws no number and does no I/O; where it differs from
/// the paper is said in docs/protocol.md.
package struct Replica: Sendable {
  package enum Status: UInt8, Sendable {
    case normal
    /// Between views; also after a start, before birth, and while a learner looks for the view.
    case viewChange
  }

  package let server: ServerIndex
  package let serverCount: Int
  package let incarnation: Incarnation
  package let session: Session
  let options: Options
  let hashKey: HashKey
  /// Nothing. A type with an existential in it has no value that could be loaded, so that its methods are called
  /// where it lies; else the compiler copies all its two kilobytes before each of many calls.
  private let place: (any Sendable)? = nil

  package internal(set) var now: Tick = 0
  package internal(set) var epoch: Epoch
  package internal(set) var view: View
  /// The view in which the log was last agreed upon. In normal status it is the view.
  package internal(set) var logView: View
  package internal(set) var status = Status.viewChange
  package internal(set) var log: Log
  package internal(set) var commit: Op
  private var commitRecorded: Op
  private var hasRecordedStart = false
  package internal(set) var execution: Execution

  var outbox: Outbox
  var peers: [Peer]
  /// Nonces count on from the session.
  var noncesSent: UInt64 = 0
  var primary = PrimaryState()
  var change = ViewChangeState()
  var waiting = WaitingGroups()
  /// How many groups were forwarded in the view named.
  var forwarded: (epoch: EpochID, view: View, count: UInt64) = (.none, 0, 0)
  var reads: ReadQueue
  var overlay: Overlay
  var below = BelowQuorum()
  var relays: Relays
  var transfer = TransferState()
  var confirmed: Tick?
  package internal(set) var snapshots: SnapshotKeeper
  package internal(set) var formation: FormationState
  var tenures = Tenures()
  var leaving = LeavingState()
  package internal(set) var counters = Counters()
  var out = Effects()

  /// A replica as its disk remembers it; a blank one remembers only a fresh incarnation.
  package init(
    server: ServerIndex, serverCount: Int, session: Session, restored: Restored, limits: Limits,
    hashKey: HashKey, options: Options
  ) {
    precondition((0..<serverCount).contains(server) && serverCount <= serversMax)
    self.server = server
    self.serverCount = serverCount
    self.session = session
    self.options = options
    self.hashKey = hashKey
    incarnation = restored.incarnation
    let snapshot = restored.snapshot
    let base = snapshot?.op ?? 0
    log = restored.log
    if log.base > base || log.digest(at: base) != snapshot?.digest ?? .zero {
      log = Log(base: base, digest: snapshot?.digest ?? .zero)
    }
    execution = Execution(
      snapshot: snapshot, store: snapshot?.store ?? Store(limits: limits, hashKey: hashKey))
    let state = restored.state
    let isSnapshotNewer = (snapshot?.epoch.id.number ?? 0) > state.epoch.id.number
    epoch = isSnapshotNewer ? snapshot!.epoch : state.epoch
    view = isSnapshotNewer ? 0 : state.view
    logView = isSnapshotNewer ? 0 : state.logView
    commit = max(base, min(state.commit, log.head))
    commitRecorded = commit
    outbox = Outbox(durableOp: log.head)
    peers = Array(repeating: Peer(), count: serverCount)
    reads = ReadQueue(session: session)
    overlay = Overlay([])
    relays = Relays(session: session)
    snapshots = SnapshotKeeper(saved: snapshot)
    formation = FormationState(
      agreed: state.agreed, epochHeard: max(state.epochHeard, epoch.id.number))
    executeCommitted()
    // What that decided about is found, and recorded, with the first step.
    overlay = Overlay(restored.overlay)
    learnOfMembers()
    tenures = Tenures()
    out.removeAll()
    if !options.holds(.restartedPrimaryLeavesItsView), isMember, view == logView { status = .normal }
  }

  /// Does what `event` asks for. `effects` is filled anew: what it held is gone.
  package mutating func step(_ event: Event, into effects: inout Effects) {
    swap(&out, &effects)
    out.removeAll()
    if !hasRecordedStart { recordStart() }
    handle(event)
    settle()
    swap(&out, &effects)
  }

  private mutating func handle(_ event: Event) {
    switch event {
    case .tick: onTick()
    case .wallClock(let milliseconds): below.set(wallClock: milliseconds, at: now)
    case .stalled(let ticks): onStalled(ticks)
    case .slice: workASlice()
    case .message(let message): onMessage(message)
    case .writes(let first, let count, let bytes, let isStrict):
      onWrites(first: first, count: count, bytes: bytes, isStrict: isStrict)
    case .reads(let batch): onReads(batch)
    case .synced(let position): onSynced(position)
    case .snapshotSaved(let op): onSnapshotSaved(op)
    case .linkReset(let server): onLinkReset(server)
    case .recover(let without): onRecover(without: without)
    case .acknowledgeLoss: acknowledgeLoss(of: epoch.start.lineage)
    case .handOver: onHandOver()
    }
  }

  /// What may follow from any event, in the order in which one thing enables the next.
  private mutating func settle() {
    advanceCommit()
    serveBelowQuorum()
    if !overlay.isEmpty || waiting.holdsClients { mergeOverlay() }
    if isNormalPrimary { prepareWaiting() } else { forwardWaiting() }
    answerReads()
    sendProbe()
    takeSnapshot()
    if snapshots.isSaveDue { saveReceived() }
    recordCommit()
    releaseDegraded()
    sendRelayed()
    outbox.release(into: &out.messages)
    out.wantsSlice = snapshots.hasWork
  }
}

/// What has happened, for metrics and for the simulator's summary.
package struct Counters: Hashable, Sendable {
  package var viewChanges = 0
  package var epochs = 0
  package var opsExecuted = 0
  package var writesExecuted = 0
  package var readsServed = 0
  package var probesSent = 0
  package var messagesDropped = 0
  package var snapshotsInstalled = 0
}

// MARK: - Who is who

extension Replica {
  /// Whether this life of this server counts in the current epoch.
  package var isMember: Bool { epoch.configuration.contains(server, incarnation) }
  package var isBorn: Bool { epoch.id != .none }
  /// It has agreed to a formation and acts no more until it enters an epoch.
  package var isFrozen: Bool { formation.agreed != nil }
  package var primaryOfView: ServerIndex? { isBorn ? epoch.primary(of: view) : nil }
  package var isNormal: Bool { status == .normal && !isFrozen }
  package var isNormalPrimary: Bool { isNormal && isMember && primaryOfView == server }
  package var store: Store { execution.store }
  /// The store's, without a copy of it.
  package var lineage: UInt64 { execution.store.lineage }
  package var executed: Op { execution.op }
  package var executedDigest: Digest { execution.digest }

  var others: some Sequence<ServerIndex> { (0..<serverCount).lazy.filter { [server] in $0 != server } }

  func isMember(_ message: Message) -> Bool {
    epoch.configuration.contains(message.from, message.incarnation)
  }

  func isDead(_ member: Member) -> Bool {
    formation.excluded.contains(member.server)
      || (member.server != server && peers[member.server].isDead(member.incarnation))
      || (member.server == server && member.incarnation != incarnation)
  }

  /// From now on an answer by another life proves a member's over.
  mutating func learnOfMembers() {
    for other in others { peers[other].member = epoch.configuration.member(at: other)?.incarnation ?? 0 }
    for member in epoch.configuration.members where member.server != server {
      peers[member.server].learn(of: member.incarnation, lastNonce: noncesSent)
    }
  }
}

// MARK: - Sending and recording

extension Replica {
  /// Sends once every record of the current view and epoch is on disk, and the journal through `position`.
  mutating func send(_ payload: Payload, to server: ServerIndex, after position: JournalPosition = 0) {
    precondition(server != self.server)
    let message = Message(from: self.server, incarnation: incarnation, epoch: epoch.id, payload: payload)
    let needed = max(position, options.holds(.viewIsSyncedBeforeItsMessages) ? outbox.statePosition : 0)
    if needed > outbox.synced {
      outbox.hold(message, to: server, until: needed)
    } else {
      out.messages.append((server, message))
    }
  }

  mutating func broadcast(_ payload: Payload) {
    for other in others { send(payload, to: other) }
  }

  /// Sends to the members of the epoch.
  mutating func sendToMembers(_ payload: Payload) {
    for member in epoch.configuration.members where member.server != server {
      send(payload, to: member.server)
    }
  }

  var hardState: HardState {
    HardState(
      epoch: epoch, view: view, logView: options.holds(.logViewIsKept) ? logView : 0, commit: commit,
      agreed: formation.agreed, epochHeard: formation.epochHeard)
  }

  mutating func recordState() {
    out.journal.append(.state(hardState))
    outbox.recordState()
  }

  mutating func append(_ entry: LogEntry) {
    log.append(entry)
    out.journal.append(.append(entry))
    outbox.recordAppend(of: entry.op)
  }

  /// Replaces the log after `op` by `entries`, together with view and log view: one record.
  mutating func install(_ entries: [LogEntry], after op: Op) {
    precondition(
      options.holds(.transferCutsNothing) && options.holds(.installOnlyWhatConnects) ? op >= commit : true)
    log.truncate(after: op)
    for entry in entries { log.append(entry) }
    execution.forgetKeys(after: op)
    let digest = log.digest(at: op) ?? .zero
    out.journal.append(.install(hardState, LogSegment(after: op, digest: digest, entries: entries)))
    outbox.recordInstall(keeping: op, head: log.head)
  }

  /// The first record of a run says where the log goes on: a crash may have left a snapshot ahead of it on disk, or
  /// a replacement half written.
  private mutating func recordStart() {
    hasRecordedStart = true
    install([], after: log.head)
    endDecidedKept()
    recordOverlay()
  }

  /// The commit number of now and then, so that a restart finds little of its log uncommitted.
  private mutating func recordCommit() {
    guard commit >= commitRecorded + Bounds.pipelineMax else { return }
    commitRecorded = commit
    out.journal.append(.state(hardState))
    outbox.recordBeside()
  }

  mutating func onSynced(_ position: JournalPosition) {
    outbox.sync(through: position)
  }
}
