import Journal

/// One thing done to a directory's files, as a process would ask its kernel for it.
enum FileStep {
  /// A new file in place of what has that name, with these bytes.
  case create(JournalFile, [UInt8])
  case write(JournalFile, offset: Int, [UInt8])
  case sync(JournalFile)
  case rename(JournalFile, to: JournalFile)
  case remove(JournalFile)
  case syncDirectory
}

/// A directory behind a page cache. Bytes are durable once their file is synced, names once the directory is.
struct SimulatedFiles {
  private typealias Entry = (name: JournalFile, file: SimulatedFile)

  /// What becomes of the names by one call: all of it or nothing.
  private struct Change {
    var removed: JournalFile?
    var added: Entry?
  }

  private var entries: [Entry] = []
  private var durable: [Entry] = []
  /// What a crash may take back.
  private var changes: [Change] = []
  /// Counts writes.
  private(set) var moment: UInt64 = 0

  /// In order of their making.
  var names: [JournalFile] { entries.map(\.name) }

  func file(_ name: JournalFile) -> SimulatedFile? {
    entries.first { $0.name == name }?.file
  }

  mutating func perform(_ step: FileStep) {
    switch step {
    case .create(let name, let bytes):
      change(Change(removed: nil, added: (name, SimulatedFile())))
      write(bytes, to: name, at: 0)
    case .write(let name, let offset, let bytes): write(bytes, to: name, at: offset)
    case .sync(let name): existing(name).sync(through: moment)
    case .rename(let old, let new): change(Change(removed: old, added: (new, existing(old))))
    case .remove(let name): change(Change(removed: name, added: nil))
    case .syncDirectory:
      durable = entries
      changes.removeAll()
    }
  }

  mutating func write(_ bytes: [UInt8], to name: JournalFile, at offset: Int) {
    moment += 1
    existing(name).write(bytes, at: offset, moment: moment)
  }

  /// A sync that was asked for at `moment` is complete.
  func sync(_ name: JournalFile, through moment: UInt64) {
    existing(name).sync(through: moment)
  }

  /// The machine stops; what is left is what its device has.
  mutating func crash(_ random: inout Random) {
    let manner = CacheLoss(&random)
    for entry in entries { entry.file.crash(manner, &random) }
    for entry in durable { entry.file.crash(manner, &random) }
    for change in changes {
      if random.chance(permille: manner.keepsPermille) {
        SimulatedFiles.apply(change, to: &durable)
      } else if manner.keepsOrder {
        break
      }
    }
    entries = durable
    changes.removeAll()
  }

  private mutating func change(_ change: Change) {
    SimulatedFiles.apply(change, to: &entries)
    changes.append(change)
  }

  private static func apply(_ change: Change, to entries: inout [Entry]) {
    entries.removeAll { $0.name == change.removed || $0.name == change.added?.name }
    if let added = change.added { entries.append(added) }
  }

  private func existing(_ name: JournalFile) -> SimulatedFile {
    guard let file = file(name) else { preconditionFailure("no file \(name.name)") }
    return file
  }
}
