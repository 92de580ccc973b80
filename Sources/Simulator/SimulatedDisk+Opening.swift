import Bytes
import Journal
import KVStore
import VSR
import Wire

/// How the opening of a disk ended.
enum DiskOpening {
  case restored(Restored)
  case violation(Violation.Rule, String)
}

extension SimulatedDisk {
  /// A machine seldom stops more often than this while it starts.
  private static let stopsMax = 3

  /// Begins a process: opens what is there, does what must be done before anything is said, and gives what the
  /// core begins with. `fresh` is the new incarnation where the files must be set aside. With `mayStop` the
  /// machine may stop in the middle, and begin again.
  mutating func open(
    hashKey: HashKey, fresh: Incarnation, random: inout Random, mayStop: Bool
  ) -> DiskOpening {
    var stops = 0
    while true {
      let steps: [FileStep]
      var journal: FoundJournal?
      switch findJournal(hashKey) {
      case .nothing(let discard):
        if isRotten { reset(incarnation: fresh) }
        steps = begin(discarding: discard)
      case .journal(let found):
        journal = found
        steps = duties(found.contents)
      case .damage(let detail):
        guard isRotten else { return .violation(.openingIsNotDamaged, detail) }
        figures.setAside += 1
        reset(incarnation: fresh)
        continue
      case .loss(let detail): return .violation(.syncedSurvives, detail)
      }
      if mayStop, stops < SimulatedDisk.stopsMax, random.chance(permille: 150) {
        stops += 1
        figures.interrupted += 1
        for step in steps.prefix(random.below(steps.count + 1)) { files.perform(step) }
        loseCache(&random)
        continue
      }
      for step in steps { files.perform(step) }
      if let journal {
        goOn(journal)
        return .restored(journal.restored)
      }
    }
  }

  /// The process ends, in the middle of what it was doing; with `losesCache` its machine too.
  mutating func crash(losesCache: Bool, _ random: inout Random) {
    for step in snapshotSteps.prefix(random.below(snapshotSteps.count + 1)) { files.perform(step) }
    for step in segmentSteps.prefix(random.below(segmentSteps.count + 1)) { files.perform(step) }
    certain = Int(written - synced)
    forgetProcess()
    if losesCache { loseCache(&random) }
  }

  /// An empty disk; also where the files of one have been set aside.
  mutating func reset(incarnation: Incarnation) {
    let figures = figures
    self = SimulatedDisk(incarnation: incarnation, settings: settings)
    self.figures = figures
  }

  private mutating func loseCache(_ random: inout Random) {
    files.crash(&random)
    certain = 0
  }

  // MARK: - What a start has to do

  private func begin(discarding discard: [JournalFile]) -> [FileStep] {
    let meta = Meta(
      cluster: DiskSettings.cluster, address: DiskSettings.address, incarnation: incarnation,
      segmentSize: settings.layout.segmentSize, formation: [])
    return discard.map { .remove($0) } + [
      .create(.segmentDraft, settings.zeros), .sync(.segmentDraft),
      .rename(.segmentDraft, to: .segment(1)), .syncDirectory,
      .create(.metaDraft, meta.encode()), .sync(.metaDraft), .rename(.metaDraft, to: .meta), .syncDirectory,
    ]
  }

  /// What was read may be in the cache only, names too. Before that is durable nothing may be removed that an
  /// older state of the directory needs.
  private func duties(_ contents: JournalContents) -> [FileStep] {
    var steps: [FileStep] = contents.blank.map { place in
      let offset = place.sector * SimulatedFile.sectorSize
      let zeros = [UInt8](repeating: 0, count: settings.layout.segmentSize - offset)
      return .write(.segment(place.sequence), offset: offset, zeros)
    }
    let read = Set(contents.segments.map(\.sequence) + contents.blank.map(\.sequence)).sorted()
    steps += read.map { .sync(.segment($0)) }
    steps.append(.syncDirectory)
    return steps + contents.discard.map { .remove($0) }
  }

  private mutating func goOn(_ found: FoundJournal) {
    let contents = found.contents
    isRotten = false
    certain = 0
    if !contents.blank.isEmpty { figures.torn += 1 }
    writer = RecordWriter(
      incarnation: incarnation, layout: contents.meta.layout, position: contents.end, ready: contents.ready,
      state: found.state, index: contents.index, unfinished: contents.unfinished)
    progress = SyncProgress(at: contents.end)
    witnessed = .start
    recorded = RecordedLog(state: found.restored.state, log: found.restored.log)
    snapshotSaved = SnapshotName(found.restored.snapshot)
    snapshotAsked = nil
  }
}
