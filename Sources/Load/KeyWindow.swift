import History

/// The operations of one key since the last moment at which its history could be cut in two.
///
/// It can be cut after an operation during which no other of this key was under way: whatever came before took
/// effect before it, whatever comes later takes effect after it, and the value in between is known from it. Both
/// parts are linearizable if and only if the whole is. Only an open write may still take effect in the later
/// part: those of which nothing was seen are carried over.
struct KeyWindow {
  /// Before its first operation.
  private(set) var initial = ObservedValue.absent
  /// False until a value is seen that this run did not write: that one was there before.
  private var isInitialKnown = false
  private(set) var entries: [LedgerEntry] = []
  /// Entries carried over stand first.
  private(set) var carried = 0
  private var underWay: Int32 = 0
  /// The operation under way began alone, and none has begun since.
  private var isAlone = false

  mutating func begin() {
    underWay += 1
    isAlone = underWay == 1
  }

  /// An operation ended of which nothing is to be kept: a read without a result that counts.
  mutating func forget() {
    underWay -= 1
  }

  /// True: the history can be cut after this operation.
  mutating func end(_ entry: LedgerEntry) -> Bool {
    underWay -= 1
    if entry.outcome == .done, entry.seen.isForeign, !isInitialKnown {
      initial = entry.seen
      isInitialKnown = true
    }
    entries.append(entry)
    return isAlone && underWay == 0 && entry.outcome == .done
  }

  var hasNews: Bool { entries.count > carried }

  /// Ends the window after its last operation, and begins the next.
  mutating func cut() {
    let last = entries[entries.count - 1]
    initial = last.action == .write ? last.written : last.seen
    isInitialKnown = true
    let open = entries.filter { $0.outcome == .open && $0.action == .write }
    guard !open.isEmpty else {
      carried = 0
      return entries.removeAll(keepingCapacity: true)
    }
    var seen: Set<ObservedValue> = []
    for entry in entries where entry.outcome == .done { seen.insert(entry.seen) }
    entries = open.filter { !seen.contains($0.written) }
    carried = entries.count
  }
}
