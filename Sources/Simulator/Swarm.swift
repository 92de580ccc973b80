import KVStore
import VSR
import Wire

/// A mix of faults aimed at one family of rules: what general chance brings together too seldom. Half of the seeds
/// have one.
package enum Swarm: String, CaseIterable, Sendable {
  /// Machines stop right after a write: openings find torn tails and what was only said to be synced.
  case torn
  /// Primaries are cut off with ops that nobody else has, and come back.
  case deposed
  /// Crashes and wipes while epochs are being born; short runs, for there is no second birth.
  case births
  /// Reads, hardly anything else, across changes of view.
  case probes
  /// Whoever lags finds the log recycled: snapshots travel while everything else goes on.
  case transfers
  /// One wipe after another: learners, stop-signs, epochs.
  case changes
  /// Nothing that is a reason to leave a view.
  case calm

  static func draw(_ random: inout Random) -> Swarm? {
    random.chance(permille: 500) ? random.pick(allCases) : nil
  }

  /// Kinds that the plan draws from, those named twice twice as often.
  var planned: [FaultKind] {
    switch self {
    case .torn: [.crash, .crash, .crashAll, .crashAll, .failedWrite, .bitRot, .handOver]
    case .deposed: [.isolation, .isolation, .oneWay, .halves, .pause, .halfOpen, .crash, .star, .chain]
    case .births:
      [
        .crash, .crash, .crashAll, .wipe, .wipe, .isolation, .oneWay, .halves, .pause, .reset,
        .acknowledgement,
      ]
    case .probes: [.isolation, .pause, .pause, .handOver, .oneWay, .crash, .wipe, .halfOpen]
    case .transfers: [.isolation, .isolation, .pause, .crash, .clog, .backPressure, .halves, .wipe, .reset]
    case .changes:
      [
        .wipe, .wipe, .wipe, .wipe, .crash, .isolation, .isolation, .clog, .oneWay, .pause, .halves,
        .handOver,
      ]
    case .calm: [.badLink, .pauseAll, .slowLoop]
    }
  }

  /// Kinds of the whole run: those it always has, and those that half of its seeds have.
  private var always: [FaultKind] {
    switch self {
    case .torn: [.lostWrites]
    case .deposed: [.pipelining]
    case .births, .calm: []
    case .probes: [.stray]
    case .transfers: []
    case .changes: [.stray]
    }
  }

  private var sometimes: [FaultKind] {
    switch self {
    case .torn: [.slowDisk, .pipelining, .retries]
    case .deposed: [.retries, .doubling, .stray, .duplication, .delays, .reordering]
    case .births: [.lostWrites, .stray, .duplication, .reordering, .delays, .destruction]
    case .probes: [.duplication, .reordering, .delays, .pipelining]
    case .transfers: [.lostWrites, .loss, .reordering, .mixedWire, .pipelining, .unread]
    case .changes: [.duplication, .reordering, .delays, .retries, .lostWrites]
    case .calm: [.drift, .pipelining]
    }
  }

  func apply(to settings: inout Settings, _ random: inout Random) {
    settings.planned = planned
    settings.kinds = FaultKinds(planned + always + sometimes.filter { _ in random.chance(permille: 500) })
    if settings.serverCount < 3 { settings.serverCount = random.pick([3, 4, 5]) }
    settings.faultMean = random.pick(faultMeans)
    settings.faultDurationMean = random.pick(durations)
    settings.spikeMean = random.pick([10_000, 60_000])
    settings.lossPermille = random.pick([10, 50])
    drawRest(&settings, &random)
  }

  /// Microseconds.
  private var faultMeans: [Int] {
    switch self {
    case .torn: [8_000, 30_000]
    case .births: [4_000, 10_000, 30_000]
    case .deposed, .probes: [60_000, 150_000]
    case .transfers: [40_000, 120_000]
    case .changes: [40_000, 150_000]
    case .calm: [60_000, 200_000]
    }
  }

  private var durations: [Int] {
    switch self {
    case .torn: [3_000, 20_000]
    case .births: [5_000, 40_000, 150_000]
    case .deposed, .probes: [150_000, 400_000]
    case .transfers: [150_000, 500_000]
    case .changes: [20_000, 150_000]
    case .calm: [100_000, 300_000]
    }
  }

  private func drawRest(_ settings: inout Settings, _ random: inout Random) {
    switch self {
    case .torn:
      settings.isDurable = true
      settings.syncMean = random.pick([200, 1_000, 5_000])
      settings.thinkMean = random.pick([500, 2_000])
    case .deposed:
      settings.cutHolds = random.chance(permille: 700)
      // Of bursts: the one that is cut off has more ops than those who go on.
      settings.thinkMean = random.pick([500, 2_000, 30_000])
      settings.depth = 16
      settings.wire = random.pick([.one, .two])
      settings.keyCount = random.pick([1, 2, 4])
      settings.readPermille = random.pick([100, 500])
    case .births:
      settings.stepsMax = 2_500
      settings.mayLoseQuorum = random.chance(permille: 500)
      settings.thinkMean = 2_000
    case .probes:
      settings.cutHolds = random.chance(permille: 700)
      settings.keyCount = random.pick([1, 2])
      settings.readPermille = random.pick([600, 850])
      settings.dumpPermille = random.pick([0, 100, 300])
      settings.thinkMean = random.pick([500, 2_000])
      settings.wire = .one
    case .transfers:
      settings.options.snapshotOps = UInt64(random.pick([4, 8, 20]))
      settings.options.retainedOps = UInt64(random.pick([1, 4]))
      settings.thinkMean = random.pick([500, 2_000])
    case .changes:
      settings.wire = random.pick([.one, .two])
      settings.cutHolds = random.chance(permille: 800)
      settings.spikeMean = random.pick([10_000, 400_000])
      settings.options.snapshotOps = UInt64(random.pick([3, 8, 40]))
      settings.mayLoseQuorum = random.chance(permille: 200)
      settings.keyCount = random.pick([1, 2, 4])
      settings.thinkMean = random.pick([500, 2_000])
    case .calm: makeCalm(&settings, &random)
    }
  }

  /// What a server on a good network and a good disk knows: its view is to last.
  private func makeCalm(_ settings: inout Settings, _ random: inout Random) {
    settings.delayMin = 20
    settings.delayMean = random.pick([20, 100, 500])
    settings.syncMean = random.pick([50, 200, 1_000])
    settings.driftPermille = 20
    settings.stalls = .toldAfterReading
    settings.options = Options()
    settings.thinkMean = random.pick([2_000, 8_000])
  }
}
