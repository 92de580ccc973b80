import Bytes
import Disk
import Frontend
import KVStore
import Servers
import Transport
import UV
import VSR
import Wire

/// Gives the replicated core what happens (clients' requests, messages, completed syncs, time) and does what it
/// asks for. One step at a time, on the loop's thread; what steps of one turn want sent or written leaves at the
/// turn's end together.
package final class ReplicaDriver {
  package let servers: ServerSet
  let options: DriverOptions
  let startedWith: Incarnation
  private(set) var replica: Replica
  private var effects = Effects()
  private(set) var storage: Storage
  private let loop: Loop
  private(set) var peers: Peers?
  private(set) unowned var owner: any ReplicaDriverOwner
  private(set) unowned var frontend: Frontend?
  private var clock: DriverClock?
  /// Everything that the core is given, if it is kept.
  package let capsule: CapsuleRing?
  var tickets = WriteTickets()
  var watch = Watch()
  /// Something of this turn has not left yet.
  private var hasToFlush = false
  private(set) var isStopped = false

  /// `disk`: nil keeps everything in memory. `restored`: what the disk remembers, or a fresh incarnation.
  package init(
    _ loop: Loop, servers: ServerSet, options: DriverOptions, restored: Restored, disk: Disk?,
    owner: any ReplicaDriverOwner
  ) {
    self.loop = loop
    self.servers = servers
    self.options = options
    self.owner = owner
    startedWith = restored.incarnation
    storage = disk.map { .disk($0) } ?? .memory(recorded: 0)
    let session = randomNumber()
    let begin = CapsuleStart(
      server: servers.ownIndex, serverCount: servers.count, session: session, restored: restored,
      limits: options.limits, hashKey: options.hashKey, options: options.replica)
    capsule = options.capsuleBytes > 0 ? CapsuleRing(bytes: options.capsuleBytes, start: begin) : nil
    replica = begin.replica
    peers = Peers(
      loop, servers: servers,
      identity: PeerIdentity(
        incarnation: restored.incarnation, session: session, storeLimit: options.limits.storeBytes,
        version: options.version),
      handler: self)
    clock = DriverClock(
      loop, onTicks: { [unowned self] in tick($0) }, onTurnEnd: { [unowned self] in flush() })
    disk?.handler = self
  }

  /// Begins: to be called when the port is bound. Answers go to `frontend`.
  package func start(answering frontend: Frontend) {
    self.frontend = frontend
    frontend.upgradeHandler = self
    peers?.start()
    clock?.start()
    step(.wallClock(Clock.wallMilliseconds))
    step(.tick)
  }

  /// Lets another be primary. `isHandedOver` tells when that is so.
  package func handOver() {
    guard !isStopped else { return }
    step(.handOver)
    flush()
  }

  package var isHandedOver: Bool { replica.servesAlone || replica.isHandedOver }

  /// Whether the others could not go on without this server yet, and soon may.
  package var mustLeave: Bool { replica.mustLeave }

  /// Says and hears nothing more. What was recorded is still written; then calls back.
  package func stop(_ onStopped: @escaping () -> Void) {
    guard !isStopped else { return }
    flush()
    isStopped = true
    peers?.close()
    clock?.close()
    switch storage {
    case .memory: onStopped()
    case .disk(let disk): disk.close(completion: onStopped)
    }
  }
}

// MARK: - Steps

extension ReplicaDriver {
  /// Looks into the replica where it is: a question asked of a class' property is asked of a copy, which costs a
  /// retain for each of its parts.
  @inline(__always)
  func look<Result>(_ body: (inout Replica) -> Result) -> Result { body(&replica) }

  func step(_ event: Event) {
    guard !isStopped else { return }
    advance(event)
    var followUps: [Event] = []
    carryOut(&followUps)
    // In memory a record is synced as soon as it is made, which may release more.
    while !followUps.isEmpty {
      let next = followUps.removeFirst()
      advance(next)
      carryOut(&followUps)
    }
  }

  /// The one place where the replica moves.
  private func advance(_ event: Event) {
    capsule?.record(event)
    replica.step(event, into: &effects)
  }

  private func carryOut(_ followUps: inout [Event]) {
    hasToFlush = true
    record(&followUps)
    if let peers { for (server, message) in effects.messages { peers.send(message, to: server) } }
    if effects.hasAnswers { answer(&effects) }
    if let clock, clock.wantsSlices != effects.wantsSlice {
      clock.wantsSlices = effects.wantsSlice
      // A snapshot is done, and with it the state that it was made of, in pieces all over the heap.
      if !effects.wantsSlice { returnFreeMemory() }
    }
  }

  private func record(_ followUps: inout [Event]) {
    switch storage {
    case .memory(let recorded):
      if !effects.journal.isEmpty {
        let position = recorded + JournalPosition(effects.journal.count)
        storage = .memory(recorded: position)
        followUps.append(.synced(position))
      }
      if effects.hasSnapshot, let state = effects.snapshot { followUps.append(.snapshotSaved(state.op)) }
    case .disk(let disk):
      if !effects.journal.isEmpty { disk.record(effects.journal) }
      if effects.hasSnapshot, let state = effects.snapshot { disk.save(state) }
      if let op = effects.recycleThrough { disk.recycle(through: op) }
    }
  }

  private func tick(_ event: Event) {
    step(event)
    if look({ $0.now % DriverClock.ticksPerSecond == 0 }) { step(.wallClock(Clock.wallMilliseconds)) }
    noteTransitions()
  }

  /// One write a peer, one group of records.
  func flush() {
    guard hasToFlush, !isStopped else { return }
    hasToFlush = false
    peers?.epochNumber = look { $0.epoch.id.number }
    peers?.flush()
    if case .disk(let disk) = storage { disk.flush() }
    // Before the first client is told so.
    if !watch.hasServed { noteTransitions() }
  }
}

// MARK: - Peers and disk

extension ReplicaDriver: PeersHandler {
  package func peers(_ peers: Peers, received message: Message) {
    step(.message(message))
  }

  package func peers(_ peers: Peers, didLose server: ServerIndex) {
    step(.linkReset(server))
  }

  package func peers(_ peers: Peers, notes event: PeerEvent) {
    owner.driver(self, notes: Note(event))
  }
}

extension ReplicaDriver: DiskHandler {
  package func disk(_ disk: Disk, syncedThrough position: JournalPosition) {
    step(.synced(position))
  }

  package func disk(_ disk: Disk, saved op: Op) {
    step(.snapshotSaved(op))
  }

  package func disk(_ disk: Disk, failed failure: DiskFailure) {
    guard !isStopped else { return }
    owner.driver(self, failed: failure.message)
  }
}

extension ReplicaDriver: UpgradeHandler {
  package func frontend(_ frontend: Frontend, upgraded stream: UV.Stream, early: UnsafeRawBufferPointer) {
    guard !isStopped else { return stream.close() }
    peers?.accept(stream, early: early)
  }
}

/// A random number that is not 0, of the system's generator.
package func randomNumber(bits: Int = 64) -> UInt64 {
  let number = randomBytes(count: 8).reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
  return max(1, number >> (64 - bits))
}
