import Journal
import VSR

// What a start has to do to the files before anything that rests on them is said.
extension DiskOpener {
  /// A new journal: the first segment, then `meta`; in the end both are named durably.
  func begin(discarding discard: [JournalFile]) {
    let layout = options.layout
    let meta = Meta(
      cluster: identity.cluster, address: identity.address, incarnation: identity.freshIncarnation,
      segmentSize: layout.segmentSize, formation: identity.founding.encoded)
    let steps: [DiskStep] =
      discard.map { .remove($0) }
      + SegmentKeeper.preparing(1, from: nil, layout)
      + [
        .create(.metaDraft), .write(.metaDraft, offset: 0, meta.encode()), .sync(.metaDraft),
        .close(.metaDraft), .rename(.metaDraft, to: .meta), .syncDirectory, .syncParent,
      ]
    perform(steps) { [self] in
      let writer = RecordWriter(incarnation: meta.incarnation, layout: layout)
      let restored = Restored(incarnation: meta.incarnation, state: .blank, snapshot: nil, log: Log())
      finish(
        restored, RecordQueue(writer, at: .start),
        segments: SegmentKeeper(layout: layout, first: 1, snapshot: nil))
    }
  }

  /// What was read may be in the cache only, names too. Before that is durable nothing may be removed that an
  /// older state of the directory needs.
  func settle(_ contents: JournalContents, _ found: FoundJournal) {
    let layout = contents.meta.layout
    var steps: [DiskStep] = []
    let blank = Dictionary(uniqueKeysWithValues: contents.blank.map { ($0.sequence, $0.sector) })
    let touched = Set(contents.segments.map(\.sequence)).union(blank.keys)
    for sequence in touched.sorted() {
      steps.append(.open(.segment(sequence), synced: false))
      if let sector = blank[sequence] {
        let from = sector * layout.sectorSize
        steps.append(.blank(.segment(sequence), from: from, to: layout.segmentSize))
      }
      steps += [.sync(.segment(sequence)), .close(.segment(sequence))]
    }
    steps.append(.syncDirectory)
    steps += contents.discard.map { .remove($0) }
    steps += (contents.end.sequence...contents.ready).map { .open(.segment($0), synced: true) }
    perform(steps) { [self] in
      let writer = RecordWriter(
        incarnation: contents.meta.incarnation, layout: layout, position: contents.end,
        ready: contents.ready, state: found.state, index: contents.index, unfinished: contents.unfinished)
      finish(
        found.restored, RecordQueue(writer, at: contents.end),
        segments: SegmentKeeper(layout: layout, first: contents.index.first, snapshot: contents.snapshot))
    }
  }
}
