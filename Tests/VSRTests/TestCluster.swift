import Bytes
import KVStore
import VSR
import XCTest

/// Replicas that hear each other at once and in order, unless a test cuts, drops or holds. Disks sync at once
/// unless told to wait.
final class TestCluster {
  struct Answer: Equatable {
    var kind: String
    var value: String?
  }

  var replicas: [Replica?]
  var sessions: [UInt64]
  var options = Options()
  /// Messages under way, in order.
  var network: [(from: Int, to: Int, message: Message)] = []
  /// Decides whether a message gets through.
  var delivers: (Int, Int, Message) -> Bool = { _, _, _ in true }
  var syncsAtOnce = true
  var answers: [UInt64: Answer] = [:]
  private var positions: [UInt64]
  private var nextNumber: [UInt64]
  private var nextTicket: UInt64 = 1
  private var lives: UInt64 = 100

  init(_ count: Int, options: Options = Options()) {
    self.options = options
    replicas = []
    sessions = Array(repeating: 0, count: count)
    positions = Array(repeating: 0, count: count)
    nextNumber = Array(repeating: 1, count: count)
    for server in 0..<count {
      replicas.append(nil)
      start(server)
    }
  }

  /// Starts a server with nothing on its disk.
  func start(_ server: Int) {
    lives += 1
    sessions[server] = lives << 32
    positions[server] = 0
    nextNumber[server] = 1
    let restored = Restored(incarnation: lives, state: .blank, snapshot: nil, log: Log())
    replicas[server] = Replica(
      server: server,
      serverCount: sessions.count,
      session: sessions[server], restored: restored, limits: Limits(), hashKey: HashKey(1, 2),
      options: options)
  }

  func step(_ server: Int, _ event: Event) {
    guard replicas[server] != nil else { return }
    var effects = Effects()
    replicas[server]!.step(event, into: &effects)
    if let broken = replicas[server]!.violatedInvariant() { XCTFail("server \(server): \(broken)") }
    collect(effects, of: server)
    positions[server] += UInt64(effects.journal.count)
    if syncsAtOnce, !effects.journal.isEmpty { step(server, .synced(positions[server])) }
    if let snapshot = effects.snapshot { step(server, .snapshotSaved(snapshot.op)) }
  }

  func sync(_ server: Int) { step(server, .synced(positions[server])) }

  private func collect(_ effects: Effects, of server: Int) {
    for (to, message) in effects.messages { network.append((server, to, message)) }
    for outcome in effects.writeOutcomes.records {
      let id = key(server, outcome.ticket)
      XCTAssertNil(answers[id], "answered twice")
      switch outcome.result {
      case .done(_, let old):
        let bytes = old.map { Array(effects.writeOutcomes.values[$0]) }
        answers[id] = Answer(kind: "done", value: bytes.map { String(decoding: $0, as: UTF8.self) })
      case .conditionFailed, .keyReused, .expired, .storeFull:
        answers[id] = Answer(kind: "refused", value: nil)
      }
    }
    for failure in effects.writeFailures {
      answers[key(server, failure.number)] = Answer(kind: "\(failure.failure)")
    }
    for record in effects.readOutcomes.records {
      let value = record.counter.map { _ in
        String(decoding: effects.readOutcomes.values[record.value], as: UTF8.self)
      }
      answers[record.ticket] = Answer(kind: "read", value: value)
    }
    for failure in effects.readFailures { answers[failure.ticket] = Answer(kind: "\(failure.failure)") }
  }

  private func key(_ server: Int, _ number: UInt64) -> UInt64 { sessions[server] + number }

  /// Delivers until nothing is under way.
  func run() {
    var budget = 100_000
    while !network.isEmpty, budget > 0 {
      budget -= 1
      let (from, to, message) = network.removeFirst()
      if delivers(from, to, message) { step(to, .message(message)) }
    }
    XCTAssertGreaterThan(budget, 0, "the servers never fall silent")
  }

  func tick(_ count: Int = 1) {
    for _ in 0..<count {
      for server in replicas.indices { step(server, .tick) }
      run()
    }
  }

  /// Ticks until `holds`, or fails.
  func tick(until holds: () -> Bool, file: StaticString = #filePath, line: UInt = #line) {
    for _ in 0..<2000 {
      if holds() { return }
      tick()
    }
    XCTFail("never came to hold: \(summary)", file: file, line: line)
  }

  @discardableResult
  func write(_ server: Int, _ key: String, _ value: String) -> UInt64 {
    var bytes: [UInt8] = []
    Array(key.utf8).withUnsafeBytes { key in
      Array(value.utf8).withUnsafeBytes { value in bytes.put(Write(set: key, to: value)) }
    }
    let number = nextNumber[server]
    nextNumber[server] += 1
    let id = self.key(server, number)
    step(server, .writes(first: number, count: 1, bytes: bytes))
    return id
  }

  func read(_ server: Int, _ key: String) -> UInt64 {
    var reads = Reads()
    let ticket = nextTicket
    nextTicket += 1
    Array(key.utf8).withUnsafeBytes { reads.append(ticket: ticket, key: $0) }
    step(server, .reads(reads))
    return ticket
  }

  var live: [Replica] { replicas.compactMap { $0 } }
  var primary: Int? { replicas.firstIndex { $0?.isNormalPrimary == true } }
  var isSettled: Bool {
    live.allSatisfy {
      $0.isNormal && $0.isMember && $0.executed == live[0].executed && $0.epoch.id == live[0].epoch.id
    }
      && live.contains { $0.isNormalPrimary && $0.commit == $0.log.head }
  }
  var summary: String {
    live.map {
      "\($0.server):e\($0.epoch.id.number)v\($0.view)/\($0.logView) \($0.status) m\($0.isMember) h\($0.log.head) c\($0.commit) f\($0.isFrozen)"
    }.joined(separator: " | ")
  }
}

extension TestCluster.Answer {
  init(kind: String) { self.init(kind: kind, value: nil) }
}
