import Faults
import KVStore
import VSR
import Wire

/// What a process that was held up does with the ticks that it missed.
package enum Stalls: UInt8, Sendable {
  /// A server's order: first everything that lies in its sockets, then the replica is told.
  case toldAfterReading
  case toldBeforeReading
  /// It does not notice: timers run first, tick by tick, then the sockets are read.
  case madeUp
}

/// What one seed is about: drawn from ranges, with whole kinds of faults switched off in most seeds, so that
/// rare combinations get seeds of their own (swarm testing; Groce and others, 2012). Times in microseconds.
package struct Settings: Sendable {
  package var seed: UInt64
  package var serverCount: Int
  package var isDurable: Bool
  /// Whether the state of a quorum may be lost: then a new lineage is no violation.
  package var mayLoseQuorum: Bool
  package var options = Options()
  package var limits = Limits()
  package var kinds: FaultKinds
  /// What the seed is aimed at, if at anything.
  package var swarm: Swarm?
  /// The kinds that its plan draws from, in force or not.
  var planned = FaultKind.planned
  /// Steps before the faults stop.
  package var stepsMax = 20_000

  /// Faults by a schedule, in place of those that the seed draws.
  package var schedule: FaultSchedule?

  // Network
  /// What all programs speak, where they are not mixed.
  package var wire = WireVersion.two
  package var delayMin = 20
  package var delayMean = 100
  package var lossPermille = 0
  package var duplicationPermille = 0
  package var reorderingPermille = 0
  package var spikePermille = 0
  package var spikeMean = 0
  /// What is sent into a cut waits for its end, as TCP would have it, or is lost.
  package var cutHolds = false

  // Processes and disks
  package var syncMean = 200
  package var slowSyncPermille = 0
  package var slowSyncMean = 0
  package var driftPermille = 0
  package var stalls = Stalls.toldAfterReading

  // Faults
  package var faultMean = 100_000
  package var faultDurationMean = 200_000

  // Clients
  package var clientCount = 4
  package var keyCount = 4
  package var thinkMean = 2_000
  package var readPermille = 500
  /// Of the reads: those of the whole store.
  package var dumpPermille = 20
  package var keyedPermille = 500
  package var timedKeyPermille = 0
  package var conditionPermille = 100
  package var deletePermille = 100
  package var vanishPermille = 0
  package var doublingPermille = 0
  /// Of the requests: those that are not to be answered without a quorum.
  package var strictPermille = 0
  package var timeoutMean = 500_000
  package var attemptsMax = 1
  /// Operations of one client at a time.
  package var depth = 1
  package var valueBytesMax = 16

  /// `swarm`: in place of what the seed draws.
  package init(seed: UInt64, swarm chosen: Swarm? = nil) {
    var random = Random(seed: seed, stream: .settings)
    self.seed = seed
    serverCount = random.pick([1, 2, 2, 3, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 6, 7])
    isDurable = random.chance(permille: 600)
    mayLoseQuorum = random.chance(permille: 250)
    kinds = Settings.drawKinds(&random)
    drawNetwork(&random)
    drawProcesses(&random)
    drawClients(&random)
    drawOptions(&random)
    dumpPermille = random.pick([0, 20, 200])
    wire = random.pick([.one, .two, .two])
    doublingPermille = random.pick([50, 300, 1000])
    if random.chance(permille: 150) { options.silenceTicksMax = options.silenceTicksMin }
    if stalls != .madeUp, random.chance(permille: 500) { stalls = .toldBeforeReading }
    drawMembership()
    drawBelowQuorum()
    keepSoleServerQuick()
    var choice = Random(seed: seed, stream: .swarm)
    let drawn = Swarm.draw(&choice)
    swarm = chosen ?? drawn
    swarm?.apply(to: &self, &choice)
  }

  /// When a server answers without a quorum: a stream of its own, so that it moves no other setting.
  private mutating func drawBelowQuorum() {
    var random = Random(seed: seed, stream: .belowQuorum)
    options.degradeTicks = UInt64(random.pick([0, 3, 10, 30, 30]))
    options.relayTicks = UInt64(random.pick([5, 20]))
    options.answersDegraded = random.chance(permille: 850)
    strictPermille = random.pick([0, 100, 400])
  }

  /// A single server has an op for every write: at each tenth event a snapshot, of a table of 1000 outcomes, would
  /// take nine tenths of the time.
  private mutating func keepSoleServerQuick() {
    if serverCount == 1 { options.snapshotOps = max(options.snapshotOps, 200) }
  }

  private static func drawKinds(_ random: inout Random) -> FaultKinds {
    // From nearly quiet to everything at once.
    let likelihood = random.pick([100, 300, 500, 800])
    return FaultKinds(FaultKind.allCases.filter { _ in random.chance(permille: likelihood) })
  }

  private mutating func drawNetwork(_ random: inout Random) {
    delayMin = random.pick([5, 20, 100])
    delayMean = random.pick([20, 100, 500, 3_000])
    lossPermille = random.pick([1, 10, 50, 150, 300])
    duplicationPermille = random.pick([5, 50, 200])
    reorderingPermille = random.pick([20, 200, 1000])
    spikePermille = random.pick([1, 10, 50])
    spikeMean = random.pick([10_000, 60_000, 400_000])
    cutHolds = random.chance(permille: 500)
    faultMean = random.pick([20_000, 60_000, 150_000, 400_000])
    faultDurationMean = random.pick([30_000, 150_000, 400_000, 1_000_000])
  }

  private mutating func drawProcesses(_ random: inout Random) {
    syncMean = random.pick([50, 200, 1_000, 5_000])
    slowSyncPermille = random.pick([10, 100])
    slowSyncMean = random.pick([20_000, 150_000])
    driftPermille = random.pick([20, 200])
    stalls = random.chance(permille: 300) ? .madeUp : .toldAfterReading
  }

  private mutating func drawClients(_ random: inout Random) {
    clientCount = random.between(2...8)
    keyCount = random.pick([1, 2, 4, 8, 30])
    thinkMean = random.pick([500, 2_000, 8_000, 30_000])
    readPermille = random.pick([100, 400, 600, 900])
    keyedPermille = random.pick([0, 300, 700, 1000])
    timedKeyPermille = random.pick([0, 0, 1000])
    conditionPermille = random.pick([0, 50, 300])
    deletePermille = random.pick([0, 50, 200])
    vanishPermille = random.pick([20, 100])
    timeoutMean = random.pick([50_000, 300_000, 1_000_000])
    attemptsMax = random.pick([2, 3, 5])
    depth = random.pick([2, 4, 16])
    valueBytesMax = random.pick([16, 16, 16, 200, 4_000])
  }

  private mutating func drawOptions(_ random: inout Random) {
    options.snapshotOps = UInt64(random.pick([8, 40, 200, 4096]))
    options.retainedOps = UInt64(random.pick([4, 16, 256]))
    options.deadlineTicks = UInt64(random.pick([60, 150, 400]))
    options.readRefuseTicks = min(options.readRefuseTicks, options.deadlineTicks)
    options.writeRefuseTicks = min(options.writeRefuseTicks, options.deadlineTicks)
    if random.chance(permille: 300) {
      options.silenceTicksMin = UInt64(random.pick([6, 12, 25]))
      options.stuckTicks = 3 * options.silenceTicksMin
      options.viewChangeTicks = UInt64(random.pick([12, 30, 60]))
      options.voteTicks = UInt64(random.pick([2, 5, 8]))
    }
    // Only keys with a time are protected when their outcome leaves the table.
    if timedKeyPermille == 1000 { limits = Limits(outcomes: random.pick([5, 50, 1000])) }
    if random.chance(permille: 100) {
      limits = Limits(storeBytes: keyCount * 80, outcomes: limits.outcomes)
    }
  }

  /// The settings with those kinds of faults out of force.
  package mutating func leaveOut(_ without: FaultKinds) {
    for kind in without.all { kinds.remove(kind) }
  }
}
