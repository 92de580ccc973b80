import History
import XCTest

@testable import Load

final class LedgerTests: XCTestCase {
  private var time: UInt64 = 0
  private var number: UInt64 = 0

  private func options(keys: UInt32 = 1) -> LoadOptions {
    var options = LoadOptions()
    options.checks = true
    options.keys = keys
    return options
  }

  private func begin(_ ledger: Ledger, _ action: LoadRequest.Action) -> LoadRequest {
    time += 1
    number += 1
    let request = LoadRequest(
      action: action, purpose: .measured, key: 0, keyDigits: 0, number: number, intended: time, sent: time)
    ledger.begin(request)
    return request
  }

  private func end(
    _ ledger: Ledger, _ request: LoadRequest, _ outcome: LedgerEntry.Outcome = .done,
    seen: ObservedValue = .absent
  ) {
    time += 1
    ledger.end(
      request,
      LedgerEntry(
        action: request.action, outcome: outcome, client: 0, invocation: request.sent, response: time,
        written: request.action == .write ? .own(request.number) : .absent, seen: seen))
  }

  @discardableResult
  private func write(_ ledger: Ledger, old: ObservedValue) -> ObservedValue {
    let request = begin(ledger, .write)
    end(ledger, request, seen: old)
    return .own(request.number)
  }

  private func read(_ ledger: Ledger, _ value: ObservedValue) {
    end(ledger, begin(ledger, .read), seen: value)
  }

  func testAValueOutOfDateIsFoundAlsoAcrossWindows() {
    for laterOperations in [0, 1, 5, 100] {
      let ledger = Ledger(options(), windowMin: 64)
      let first = write(ledger, old: .absent)
      var latest = write(ledger, old: first)
      for _ in 0..<laterOperations { latest = write(ledger, old: latest) }
      read(ledger, first)
      read(ledger, latest)
      ledger.finish()
      XCTAssertEqual(ledger.violationCount, 1, "\(laterOperations)")
      let text = ledger.violationTexts.first ?? ""
      XCTAssertTrue(text.contains("so it took effect before"), "told with the write it missed: \(text)")
      XCTAssertTrue(text.contains("around it"), text)
    }
  }

  func testALostWriteIsFound() {
    let ledger = Ledger(options(), windowMin: 2)
    let first = write(ledger, old: .absent)
    write(ledger, old: first)
    write(ledger, old: first)
    ledger.finish()
    XCTAssertEqual(ledger.violationCount, 1)
  }

  func testAnOpenWriteMayTakeEffectManyWindowsLater() {
    let ledger = Ledger(options(), windowMin: 2)
    var latest = write(ledger, old: .absent)
    let lost = begin(ledger, .write)
    end(ledger, lost, .open)
    for _ in 0..<50 { latest = write(ledger, old: latest) }
    read(ledger, .own(lost.number))
    latest = write(ledger, old: .own(lost.number))
    read(ledger, latest)
    ledger.finish()
    XCTAssertEqual(ledger.violationCount, 0)
    XCTAssertEqual(ledger.checkedCount, 55)
  }

  func testButNotTwice() {
    let ledger = Ledger(options(), windowMin: 2)
    let lost = begin(ledger, .write)
    end(ledger, lost, .open)
    read(ledger, .own(lost.number))
    var latest = write(ledger, old: .own(lost.number))
    for _ in 0..<10 { latest = write(ledger, old: latest) }
    read(ledger, .own(lost.number))
    ledger.finish()
    XCTAssertEqual(ledger.violationCount, 1)
  }

  func testARefusedWriteMustNotBeSeen() {
    let ledger = Ledger(options(), windowMin: 2)
    let refused = begin(ledger, .write)
    end(ledger, refused, .failed)
    read(ledger, .own(refused.number))
    ledger.finish()
    XCTAssertEqual(ledger.violationCount, 1)
  }

  func testWhatWasThereBeforeIsNoViolationOnce() {
    let ledger = Ledger(options(), windowMin: 2)
    func foreign(_ text: String) -> ObservedValue { Array(text.utf8).withUnsafeBytes { ledger.observe($0) } }
    read(ledger, foreign("old"))
    let latest = write(ledger, old: foreign("old"))
    read(ledger, latest)
    ledger.finish()
    XCTAssertEqual(ledger.violationCount, 0)
    read(ledger, foreign("from nowhere"))
    ledger.finish()
    XCTAssertEqual(ledger.violationCount, 1)
    XCTAssertTrue(ledger.violationTexts[0].contains("from nowhere"))
  }

  func testOnlyTheLatestWindowsAreHeld() {
    let ledger = Ledger(options(), heldMax: 1000)
    var latest = ObservedValue.absent
    for _ in 0..<20_000 { latest = write(ledger, old: latest) }
    XCTAssertFalse(ledger.isFull)
    ledger.finish()
    XCTAssertEqual(ledger.checkedCount, 20_000)
  }

  func testAKeyThatIsNeverQuietEndsTheCheckAndItIsSaid() {
    let ledger = Ledger(options(), heldMax: 1000)
    var open = begin(ledger, .write)
    for _ in 0..<2000 {
      let next = begin(ledger, .write)
      end(ledger, open)
      open = next
    }
    XCTAssertTrue(ledger.isFull)
  }

  /// The windows say what the check of the whole says, for registers that are right and for such that are not.
  func testWindowsAreExact() {
    var wrong = 0
    for seed: UInt64 in 0..<1200 {
      let ledger = Ledger(options(), windowMin: 2)
      var register = RandomRegister(seed: seed, errorPercent: seed % 3 == 0 ? 0 : 4)
      let history = register.run(ledger, steps: 150)
      ledger.finish()
      let verdict = check(history)
      XCTAssertTrue(verdict.gaveUp.isEmpty)
      XCTAssertEqual(verdict.violations.isEmpty, ledger.violationCount == 0, "seed \(seed)")
      if seed % 3 == 0 { XCTAssertEqual(ledger.violationCount, 0, "seed \(seed)") }
      if !verdict.violations.isEmpty { wrong += 1 }
    }
    XCTAssertGreaterThan(wrong, 200, "the errors must show")
    XCTAssertLessThan(wrong, 800)
  }
}

/// A register used by a few clients at once, of which some lose their connection, and which makes mistakes.
private struct RandomRegister {
  private struct Client {
    var request: LoadRequest?
    var isDone = false
    var isLost = false
    var seen = ObservedValue.absent
  }

  private var bits: UInt64
  private let errorPercent: Int
  private var clients = Array(repeating: Client(), count: 3)
  private var value = ObservedValue.absent
  private var past: [ObservedValue] = [.absent]
  private var time: UInt64 = 0
  private var number: UInt64 = 0
  private var history = History()
  /// Writes whose client has gone, and which are still on their way.
  private var late: [LoadRequest] = []

  init(seed: UInt64, errorPercent: Int) {
    bits = seed
    self.errorPercent = errorPercent
  }

  private mutating func below(_ bound: Int) -> Int {
    bits = Workload.mix(bits)
    return Int(bits % UInt64(bound))
  }

  mutating func run(_ ledger: Ledger, steps: Int) -> History {
    // Rounds with fewer clients leave moments at which a window can be cut.
    for step in 0..<steps { turn(step / 20 % 2 == 0 ? 0 : below(3), ledger, mayBegin: true) }
    for client in clients.indices {
      while clients[client].request != nil { turn(client, ledger, mayBegin: false) }
    }
    return history
  }

  private mutating func turn(_ index: Int, _ ledger: Ledger, mayBegin: Bool) {
    time += 1
    if !late.isEmpty, below(10) == 0 { store(late.remove(at: below(late.count))) }
    if clients[index].request == nil {
      if mayBegin { begin(index, ledger) }
    } else if !clients[index].isDone {
      execute(index)
    } else {
      end(index, ledger)
    }
  }

  private mutating func begin(_ index: Int, _ ledger: Ledger) {
    number += 1
    let request = LoadRequest(
      action: below(2) == 0 ? .read : .write, purpose: .measured, key: 0, keyDigits: 0, number: number,
      intended: time, sent: time)
    ledger.begin(request)
    clients[index] = Client(request: request)
  }

  private mutating func execute(_ index: Int) {
    let request = clients[index].request!
    clients[index].isDone = true
    clients[index].seen = below(100) < errorPercent ? past[below(past.count)] : value
    clients[index].isLost = below(12) == 0
    guard request.action == .write else { return }
    if clients[index].isLost, below(2) == 0 {
      late.append(request)
    } else if below(100) >= errorPercent {
      store(request)
    }
  }

  private mutating func store(_ request: LoadRequest) {
    value = .own(request.number)
    past.append(value)
  }

  private mutating func end(_ index: Int, _ ledger: Ledger) {
    let client = clients[index]
    let request = client.request!
    clients[index] = Client()
    if client.isLost, request.action == .read { return ledger.forget(request) }
    let written = request.action == .write ? ObservedValue.own(request.number) : .absent
    ledger.end(
      request,
      LedgerEntry(
        action: request.action, outcome: client.isLost ? .open : .done, client: UInt32(index),
        invocation: request.sent, response: time, written: written, seen: client.seen))
    note(request, client, written, ledger)
  }

  private mutating func note(
    _ request: LoadRequest, _ client: Client, _ written: ObservedValue, _ ledger: Ledger
  ) {
    let key = history.key([1])
    let seen = ledger.bytes(of: client.seen).map { history.value($0) } ?? .absent
    let action: RegisterOperation.Action =
      request.action == .read ? .read : .write(history.value(ledger.bytes(of: written)!))
    history.append(
      RegisterOperation(
        client: 0, key: key, action: action, outcome: client.isLost ? .open : .done(seen),
        invocation: request.sent, response: time))
  }
}
