import History

/// Watches that the answers of each key have an order that explains them, while the load runs: the history of a
/// key is checked window by window (see `KeyWindow`), so that only the latest operations are held.
final class Ledger {
  /// Operations held, of all keys together, 40 bytes each.
  static let heldMax = 4_000_000
  /// A window is checked from so many operations on; fewer where there are many keys.
  private static let windowMax = 512
  /// From windows of this size on the one before is kept, for a violation is clearer with what led to it.
  private static let recallMin = 64
  /// Different values of others that are remembered.
  private static let foreignMax = 100_000
  /// Violations told in full; further ones are counted.
  static let textsMax = 20

  let keys: KeyText
  let values: ValueText
  private var windows: [KeyWindow]
  /// The window before, by key.
  private var previous: [UInt32: (entries: [LedgerEntry], initial: ObservedValue)] = [:]
  private var foreign: [[UInt8]] = []
  private var foreignIndexes: [[UInt8]: Int] = [:]
  private let windowMin: Int
  private var held = 0

  private(set) var checkedCount: UInt64 = 0
  private(set) var violationCount: UInt64 = 0
  private(set) var violationTexts: [String] = []
  /// Keys whose history was too entangled for the checker's bounds.
  private(set) var undecided: Set<UInt32> = []
  /// The history was too much to hold: from some moment on nothing was checked.
  private(set) var isFull = false
  /// Hears of each violation, as far as they are told in full.
  var onViolation: (String) -> Void = { _ in }

  private let heldMax: Int

  init(_ options: LoadOptions, heldMax: Int = Ledger.heldMax, windowMin: Int? = nil) {
    keys = KeyText(options)
    values = ValueText(options)
    self.heldMax = heldMax
    windows = Array(repeating: KeyWindow(), count: Int(options.keys))
    self.windowMin = windowMin ?? max(2, min(Self.windowMax, heldMax / 4 / Int(options.keys)))
  }

  func begin(_ request: LoadRequest) {
    guard !isFull else { return }
    windows[Int(request.key)].begin()
  }

  /// A read of which nothing is known.
  func forget(_ request: LoadRequest) {
    guard !isFull else { return }
    windows[Int(request.key)].forget()
  }

  func end(_ request: LoadRequest, _ entry: LedgerEntry) {
    guard !isFull else { return }
    let key = Int(request.key)
    held += 1
    let mayCut = windows[key].end(entry)
    if mayCut, windows[key].entries.count - windows[key].carried >= windowMin {
      judgeWindow(request.key)
      cut(request.key)
    }
    if held > heldMax { giveUp() }
  }

  /// Checks what has not been checked. Nothing is under way any more.
  func finish() {
    guard !isFull else { return }
    for key in windows.indices where windows[key].hasNews { judgeWindow(UInt32(key)) }
  }

  private func giveUp() {
    isFull = true
    windows = []
    previous = [:]
    foreign = []
    foreignIndexes = [:]
    held = 0
  }

  private func cut(_ key: UInt32) {
    let before = windows[Int(key)]
    windows[Int(key)].cut()
    held -= before.entries.count - windows[Int(key)].carried
    guard windowMin >= Self.recallMin else { return }
    held += before.entries.count - (previous[key]?.entries.count ?? 0)
    previous[key] = (before.entries, before.initial)
  }

  private func judgeWindow(_ key: UInt32) {
    let window = windows[Int(key)]
    checkedCount += UInt64(window.entries.count - window.carried)
    let verdict = judge(window.entries, initial: window.initial, key: key)
    switch verdict.judgement {
    case .linearizable: break
    case .gaveUp: undecided.insert(key)
    case .violation: report(clearer(window, key) ?? verdict.text)
    }
  }

  private func report(_ text: String) {
    violationCount += 1
    guard violationTexts.count < Self.textsMax else { return }
    violationTexts.append(text)
    onViolation(text)
  }

  /// The same violation seen together with the window before, in which the write of a value out of date stands.
  private func clearer(_ window: KeyWindow, _ key: UInt32) -> String? {
    guard let before = previous[key] else { return nil }
    let entries = before.entries + window.entries[window.carried...]
    let verdict = judge(entries, initial: before.initial, key: key)
    return verdict.text.isEmpty ? nil : verdict.text
  }
}

// Values
extension Ledger {
  func observe(_ value: UnsafeRawBufferPointer?) -> ObservedValue {
    guard let value else { return .absent }
    if let number = values.number(of: value) { return .own(number) }
    let bytes = Array(value)
    if foreign.count >= Self.foreignMax { giveUp() }
    if let index = foreignIndexes[bytes] { return .foreign(index) }
    foreign.append(bytes)
    foreignIndexes[bytes] = foreign.count - 1
    return .foreign(foreign.count - 1)
  }

  func bytes(of value: ObservedValue) -> [UInt8]? {
    switch value.kind {
    case .absent: nil
    case .own(let number): values.text(of: number)
    case .foreign(let index): foreign[index]
    }
  }
}
