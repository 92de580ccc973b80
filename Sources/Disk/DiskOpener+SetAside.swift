import Journal

/// Where damaged journals go: one subdirectory each, for somebody to look at.
enum SetAside {
  static let prefix = "damaged-"
  /// A device that has damaged so many journals is not to be trusted with another.
  static let countMax = 8

  /// The next free name. Nil: there are too many.
  static func next(_ names: [String]) -> String? {
    let taken = names.filter { $0.hasPrefix(prefix) }
    guard taken.count < countMax else { return nil }
    let numbers = taken.compactMap { Int($0.dropFirst(prefix.count)) }
    return prefix + String((numbers.max() ?? 0) + 1)
  }
}

extension DiskOpener {
  /// Moves all files of the old life out of the way and begins a new one. `meta` goes first, durably: what a
  /// crash leaves then is no journal, whichever other files are still there.
  func setAside(_ reason: String, _ names: [String]) {
    guard let directory = SetAside.next(names) else {
      return fail(.damagedTooOften(path: files.path, count: SetAside.countMax))
    }
    let old = names.compactMap { JournalFile(name: $0) }.filter { $0 != .lock && $0 != .meta }
    var steps: [DiskStep] = [.makeDirectory(directory)]
    if names.contains(JournalFile.meta.name) { steps.append(.setAside(.meta, in: directory)) }
    steps += [.syncSubdirectory(directory), .syncDirectory]
    steps += old.map { .setAside($0, in: directory) }
    steps += [.syncSubdirectory(directory), .syncDirectory]
    perform(steps) { [self] in
      notes.append(.damaged(reason: reason, setAside: "\(files.path)/\(directory)"))
      examine()
    }
  }
}

extension JournalDamage {
  /// For the log.
  var reason: String {
    switch self {
    case .metaMissing: "meta is missing"
    case .metaDamaged: "meta is damaged"
    case .segmentMissing(let sequence): "segment \(sequence) is missing"
    case .segmentSize(let sequence, let bytes): "segment \(sequence) has \(bytes) bytes"
    case .sector(let place): "segment \(place.sequence) sector \(place.sector) is damaged"
    case .lost(let place, _): "records are missing at segment \(place.sequence) sector \(place.sector)"
    case .snapshotLost(let op): "the snapshot of op \(op) is missing"
    }
  }
}
