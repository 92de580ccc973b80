import KVStore
import VSR

/// A line of a script that says nothing that can be done: a mistake of the script's, not of the protocol's.
struct ScriptError: Error {
  let text: String

  init(_ text: String) {
    self.text = text
  }
}

/// What became of a request.
struct Answer {
  let text: String
  let value: String?
}

/// Servers, their disks, and the network between them, all moved by hand.
struct World {
  struct Server {
    var replica: Replica?
    var disk: Disk
    var life = 0
    var isSyncedAtOnce = true
    var nextNumber: UInt64 = 1
    /// As the trace showed it last.
    var shown = ""
  }

  private struct Request: Hashable {
    let session: Session
    let number: UInt64
  }

  static let deliveriesMax = 20_000

  var options = Options()
  var limits = Limits()
  var servers: [Server] = []
  var monitor = Monitor()
  var trace: [String] = []
  /// Whether messages are traced, and pings too.
  var isDetailed = true
  var showsPings = false

  // The network: what is under way, what is kept back, what gets lost, what is copied.
  var underWay: [Envelope] = []
  var held: [Envelope] = []
  var cuts: [(text: String, selector: Selector)] = []
  var holds: [(text: String, selector: Selector)] = []
  var toCopy: [(name: String, selector: Selector)] = []
  var copies: [String: Envelope] = [:]

  // Requests, by the names that the script gave them.
  var answers: [String: Answer] = [:]
  var requestNames: Set<String> = []
  private var writeNames: [Request: String] = [:]
  private var readNames: [UInt64: String] = [:]
  private var sessions: UInt64 = 0

  // MARK: - Servers

  mutating func makeServers(_ count: Int) {
    servers = (0..<count).map {
      Server(disk: Disk(incarnation: incarnation(0, of: $0)), shown: "\($0): down")
    }
  }

  /// A process starts, on what its disk holds.
  mutating func start(_ server: ServerIndex) {
    sessions += 1
    let replica = Replica(
      server: server, serverCount: servers.count, session: sessions << 32,
      restored: servers[server].disk.restored(), limits: limits, hashKey: HashKey(1, UInt64(server)),
      options: options)
    servers[server].replica = replica
    servers[server].nextNumber = 1
    monitor.observeStart(of: replica)
  }

  mutating func wipe(_ server: ServerIndex) {
    servers[server].replica = nil
    servers[server].life += 1
    servers[server].disk = Disk(incarnation: incarnation(servers[server].life, of: server))
  }

  mutating func step(_ server: ServerIndex, _ event: Event) {
    guard servers[server].replica != nil else { return }
    var effects = Effects()
    servers[server].replica!.step(event, into: &effects)
    monitor.observe(servers[server].replica!, effects)
    for (to, message) in effects.messages { send(Envelope(from: server, to: to, message: message)) }
    noteAnswers(effects, session: servers[server].replica!.session)
    servers[server].disk.write(effects)
    if servers[server].isSyncedAtOnce { sync(server) }
  }

  /// Syncs the first `count` journal records that wait; with none left, also the snapshot.
  mutating func sync(_ server: ServerIndex, _ count: Int = .max) {
    if let event = servers[server].disk.sync(count) { step(server, event) }
    if count == .max, let event = servers[server].disk.saveSnapshot() { step(server, event) }
  }

  // MARK: - Network

  private mutating func send(_ envelope: Envelope) {
    for (index, copy) in toCopy.enumerated().reversed() where copy.selector.matches(envelope) {
      copies[copy.name] = envelope
      toCopy.remove(at: index)
    }
    let isCut = cuts.contains { $0.selector.matches(envelope) }
    let isHeld = !isCut && holds.contains { $0.selector.matches(envelope) }
    if isDetailed, showsPings || !envelope.kind.isPing {
      trace.append(envelope.line + (isCut ? " lost" : isHeld ? " held" : ""))
    }
    if isHeld { held.append(envelope) } else if !isCut { underWay.append(envelope) }
  }

  mutating func deliver(_ envelope: Envelope) {
    step(envelope.to, .message(envelope.message))
  }

  /// Delivers until nothing is under way.
  mutating func deliverAll() throws(ScriptError) {
    for _ in 0..<Self.deliveriesMax {
      if underWay.isEmpty { return }
      deliver(underWay.removeFirst())
    }
    throw ScriptError("the servers never fall silent")
  }

  mutating func tickAll() throws(ScriptError) {
    for server in servers.indices { step(server, .tick) }
    try deliverAll()
  }

  // MARK: - Requests

  mutating func name(_ name: String) throws(ScriptError) {
    guard requestNames.insert(name).inserted else { throw ScriptError("\(name) is taken") }
  }

  mutating func write(_ server: ServerIndex, _ bytes: [UInt8], as name: String) throws(ScriptError) {
    guard let replica = servers[server].replica else { throw ScriptError("\(server) does not run") }
    try self.name(name)
    let number = servers[server].nextNumber
    servers[server].nextNumber += 1
    writeNames[Request(session: replica.session, number: number)] = name
    step(server, .writes(first: number, count: 1, bytes: bytes))
  }

  mutating func read(_ server: ServerIndex, _ key: [UInt8], as name: String) throws(ScriptError) {
    var reads = Reads()
    let ticket = try readTicket(server, name)
    key.withUnsafeBytes { reads.append(ticket: ticket, key: $0) }
    step(server, .reads(reads))
  }

  mutating func readAll(_ server: ServerIndex, as name: String) throws(ScriptError) {
    var reads = Reads()
    reads.appendAll(ticket: try readTicket(server, name))
    step(server, .reads(reads))
  }

  private mutating func readTicket(_ server: ServerIndex, _ name: String) throws(ScriptError) -> UInt64 {
    guard servers[server].replica != nil else { throw ScriptError("\(server) does not run") }
    try self.name(name)
    let ticket = UInt64(readNames.count + 1)
    readNames[ticket] = name
    return ticket
  }

  private mutating func noteAnswers(_ effects: Effects, session: Session) {
    for outcome in effects.writeOutcomes.records {
      noteWrite(session, outcome.ticket, Answer(outcome, values: effects.writeOutcomes.values))
    }
    for failure in effects.writeFailures {
      noteWrite(session, failure.number, Answer(text: "\(failure.failure)", value: nil))
    }
    for record in effects.readOutcomes.records {
      let value = record.counter.map { _ in
        String(decoding: effects.readOutcomes.values[record.value], as: UTF8.self)
      }
      note(readNames[record.ticket], Answer(text: "done", value: value))
    }
    for answers in effects.others {
      for outcome in answers.writes.records {
        let value = Answer(outcome, values: answers.writes.values).value
        let text = answers.age == nil ? "done" : "degraded"
        noteWrite(session, outcome.ticket, Answer(text: text, value: value))
      }
      for record in answers.reads.records {
        let value = record.counter.map { _ in
          String(decoding: answers.reads.values[record.value], as: UTF8.self)
        }
        note(readNames[record.ticket], Answer(text: answers.age == nil ? "done" : "degraded", value: value))
      }
    }
    for outcome in effects.storeOutcomes {
      note(readNames[outcome.ticket], Answer(text: "done", value: outcome.store.content))
    }
    for failure in effects.readFailures {
      note(readNames[failure.ticket], Answer(text: "\(failure.failure)", value: nil))
    }
  }

  private mutating func noteWrite(_ session: Session, _ number: UInt64, _ answer: Answer) {
    note(writeNames[Request(session: session, number: number)], answer)
  }

  private mutating func note(_ name: String?, _ answer: Answer) {
    guard let name else { return }
    let value = ["done", "degraded"].contains(answer.text) ? " \(answer.value ?? "NIL")" : ""
    trace.append("\(name) \(answer.text)\(value)\(answers[name] == nil ? "" : " a second time")")
    answers[name] = answer
  }
}

extension Answer {
  init(_ outcome: Outcome, values: [UInt8]) {
    switch outcome.result {
    case .done(_, let old):
      let value = old.map { String(decoding: values[$0], as: UTF8.self) }
      self.init(text: outcome.isReplayed ? "replayed" : "done", value: value)
    case .conditionFailed: self.init(text: "conditionFailed", value: nil)
    case .keyReused: self.init(text: "keyReused", value: nil)
    case .expired: self.init(text: "expired", value: nil)
    case .storeFull: self.init(text: "storeFull", value: nil)
    }
  }
}
