import History
import VSR

/// One thing that a client wants done, through one or more attempts.
struct Operation {
  enum Kind: UInt8 {
    case read
    /// A read of every key, as one snapshot.
    case dump
    case set
    case delete
  }

  let client: Int
  let key: Int
  let kind: Kind
  /// Bytes to be set.
  var value: [UInt8] = []
  var idempotencyKey: [UInt8]?
  /// The condition's tag, and the value that it named.
  var ifMatch: (tag: TagName, value: Int32)?
  var isCreation = false
  /// In the history; of a dump, the first of a read of each key.
  let historyIndex: Int
  /// Of a dump: what was committed when it was asked for.
  var committed: (lineage: UInt64, op: Op) = (0, 0)
  var attempts = 0
  /// Attempts that may still be answered.
  var outstanding = 0
  /// An attempt may have been executed without a word.
  var isUncertain = false
  var isSettled = false
  /// An answer without a quorum is none.
  var isStrict = false
  /// It has had one.
  var isDegraded = false
  /// It is not waited for before it is sent again.
  var isDoubled = false
  var mayDouble: Bool { idempotencyKey != nil && attempts == 1 }
  var isRead: Bool { kind == .read || kind == .dump }
  var server: ServerIndex
}

/// The clients, and what they saw.
struct Clients {
  /// What a client last read of a key: for conditions.
  struct Sight {
    var tag: TagName
    var value: Int32
  }

  /// Clients that share a server, and send at the same moment.
  let slotCount: Int
  let depth: Int
  var operations: [Operation] = []
  var history = History()
  /// By history index: the lineage that answered, 0 if none did.
  var lineages: [UInt64] = []
  var sights: [Sight?]
  let keyNames: [[UInt8]]
  let keyNumbers: [Int32]
  var homes: [ServerIndex]
  /// Orders invocations and answers: every one has a moment of its own.
  private(set) var clock: UInt64 = 0
  /// By moment: the virtual time. Kept only where faults come by a schedule.
  private(set) var moments: [UInt64] = []
  let keepsMoments: Bool
  /// Virtual time.
  var now: UInt64 = 0
  var isStopped = false
  var openCount = 0

  init(_ settings: Settings) {
    depth = Rates(settings).depth
    keepsMoments = settings.schedule != nil
    slotCount = settings.clientCount * depth
    keyNames = (0..<settings.keyCount).map { Array("key\($0)".utf8) }
    var history = History()
    keyNumbers = keyNames.map { history.key($0) }
    self.history = history
    sights = Array(repeating: nil, count: settings.keyCount)
    homes = Array(repeating: 0, count: settings.clientCount)
  }

  mutating func nextMoment() -> UInt64 {
    if keepsMoments { moments.append(now) }
    clock += 1
    return clock
  }

  mutating func add(_ operation: Operation) -> Int {
    operations.append(operation)
    openCount += 1
    return operations.count - 1
  }

  /// Notes what was asked, as open until an answer comes.
  mutating func invoke(client: Int, key: Int, _ action: RegisterOperation.Action) -> Int {
    history.append(
      RegisterOperation(
        client: UInt32(client), key: keyNumbers[key], action: action, outcome: .open,
        invocation: nextMoment(), response: 0))
    lineages.append(0)
    return history.operations.count - 1
  }

  /// The operation is over for its client; `outcome` is what is certain of it.
  mutating func settle(_ index: Int, _ outcome: RegisterOperation.Outcome, lineage: UInt64) {
    guard !operations[index].isSettled else { return }
    operations[index].isSettled = true
    openCount -= 1
    for place in places(of: operations[index]) {
      lineages[place] = lineage
      if outcome != .open { history.complete(place, outcome, at: nextMoment()) }
    }
  }

  /// A dump is done: the value of each key.
  mutating func settle(dump index: Int, _ values: [RegisterValue], lineage: UInt64) {
    guard !operations[index].isSettled else { return }
    operations[index].isSettled = true
    openCount -= 1
    for (place, value) in zip(places(of: operations[index]), values) {
      lineages[place] = lineage
      history.complete(place, .done(value), at: nextMoment())
    }
  }

  private func places(of operation: Operation) -> Range<Int> {
    let count = operation.kind == .dump ? keyNumbers.count : 1
    return operation.historyIndex..<operation.historyIndex + count
  }
}
