import Bytes
import KVStore

/// Clients' requests that another server sees to, and those of other servers' clients that this one sees to. One hop:
/// what was relayed is not relayed again.
struct Relays: Sendable {
  /// Reads that were sent to another server.
  struct Sent: Sendable {
    let id: UInt64
    let to: ServerIndex
    let arrived: Tick
    let at: Tick
    let reads: Reads
  }

  /// Reads of another server's clients, under tickets of this server's own.
  struct Received: Sendable {
    let from: ServerIndex
    let id: UInt64
    let firstTicket: UInt64
    /// By place, as bytes.
    var answers: [[UInt8]?]
    /// The greatest of those that prove nothing; nil: all are linearizable.
    var age: Tick?
    var lineage: UInt64 = 0
  }

  /// Tickets and numbers from here on are of other servers' requests; below, of this one's clients.
  static let first: UInt64 = 1 << 63

  var sent: [Sent] = []
  private(set) var received: [Received] = []
  private var lastID: UInt64
  /// By server: the last writes that were taken.
  private var lastTaken: [(session: Session, id: UInt64)] = Array(repeating: (0, 0), count: serversMax)
  private var nextTicket = Relays.first
  private var nextNumber = Relays.first

  init(session: Session) { lastID = session }

  mutating func nextID() -> UInt64 {
    lastID &+= 1
    return lastID
  }

  /// Whether it is the sender's next.
  mutating func accepts(_ relay: RelayWrites, from server: ServerIndex) -> Bool {
    let last = lastTaken[server]
    guard last.session != relay.group.session || relay.id > last.id else { return false }
    lastTaken[server] = (relay.group.session, relay.id)
    return true
  }

  mutating func number(of count: Int) -> UInt64 {
    defer { nextNumber += UInt64(count) }
    return nextNumber
  }

  /// The same reads, under tickets of this server's own.
  mutating func receive(_ relay: RelayReads, from server: ServerIndex) -> Reads {
    received.append(
      Received(
        from: server, id: relay.id, firstTicket: nextTicket,
        answers: Array(repeating: nil, count: relay.keys.count)))
    var reads = Reads()
    for key in relay.keys {
      key.withUnsafeBytes { reads.append(ticket: nextTicket, key: $0, isStrict: !relay.mayDegrade) }
      nextTicket += 1
    }
    return reads
  }

  private func place(of ticket: UInt64) -> Int? {
    received.firstIndex { ticket >= $0.firstTicket && ticket < $0.firstTicket + UInt64($0.answers.count) }
  }

  /// Takes one answer; returns all of them with the last.
  mutating func answer(_ record: ReadOutcomes.Record, _ values: [UInt8], age: Tick?) -> Received? {
    guard let place = place(of: record.ticket) else { return nil }
    var bytes: [UInt8] = []
    bytes.put(record.counter == nil ? 0 as UInt8 : 1)
    if let counter = record.counter {
      bytes.putVarint(counter)
      bytes.putCounted(Array(values[record.value]))
    }
    received[place].answers[Int(record.ticket - received[place].firstTicket)] = bytes
    received[place].lineage = record.lineage
    if let age { received[place].age = max(received[place].age ?? 0, age) }
    guard !received[place].answers.contains(where: { $0 == nil }) else { return nil }
    return received.remove(at: place)
  }

  /// Whoever asked is told once, and of all.
  mutating func refuse(_ ticket: UInt64) -> Received? {
    place(of: ticket).map { received.remove(at: $0) }
  }
}

// MARK: - Answers as bytes

/// How one write of a relayed group ended.
private enum RelayedCode: UInt8 {
  case done, conditionFailed, keyReused, expired, storeFull, refused, unknown
}

extension RelayedAnswer {
  private static let isReplayed: UInt8 = 0x80
  private static let hasOld: UInt8 = 0x40

  /// The outcomes of writes numbered from `first` on, in order; those without one failed, as `failures` says.
  init(
    _ outcomes: Outcomes, _ failures: [(number: UInt64, failure: Failure)], from first: UInt64, count: Int,
    age: Tick?, lineage: UInt64
  ) {
    self.init(age: age, lineage: lineage, bytes: [])
    var next = 0
    for number in first..<first + UInt64(count) {
      if next < outcomes.records.count, outcomes.records[next].ticket == number {
        put(outcomes.records[next], outcomes.values)
        next += 1
      } else {
        let failure = failures.first { $0.number == number }?.failure ?? .unknown
        bytes.put((failure == .unknown ? RelayedCode.unknown : .refused).rawValue)
      }
    }
  }

  private mutating func put(_ outcome: Outcome, _ values: [UInt8]) {
    let replayed = outcome.isReplayed ? RelayedAnswer.isReplayed : 0
    switch outcome.result {
    case .done(let version, let old):
      bytes.put(RelayedCode.done.rawValue | replayed | (old == nil ? 0 : RelayedAnswer.hasOld))
      bytes.putVarint(version ?? 0)
      if let old { bytes.putCounted(Array(values[old])) }
    case .conditionFailed: bytes.put(RelayedCode.conditionFailed.rawValue | replayed)
    case .keyReused: bytes.put(RelayedCode.keyReused.rawValue | replayed)
    case .expired(let floor):
      bytes.put(RelayedCode.expired.rawValue | replayed)
      bytes.putVarint(floor)
    case .storeFull: bytes.put(RelayedCode.storeFull.rawValue | replayed)
    }
  }

  /// The outcomes of `count` writes numbered from `first` on.
  func takeWrites(
    from first: UInt64, count: Int, into outcomes: inout Outcomes,
    _ failures: inout [(number: UInt64, failure: Failure)]
  ) throws(MalformedBytes) {
    var caught: MalformedBytes?
    bytes.withUnsafeBytes { raw in
      var reader = ByteReader(raw)
      do throws(MalformedBytes) {
        for number in first..<first + UInt64(count) {
          try RelayedAnswer.takeWrite(number, from: &reader, into: &outcomes, &failures)
        }
        try reader.expectEnd()
      } catch { caught = error }
    }
    if let caught { throw caught }
  }

  private static func takeWrite(
    _ number: UInt64, from reader: inout ByteReader, into outcomes: inout Outcomes,
    _ failures: inout [(number: UInt64, failure: Failure)]
  ) throws(MalformedBytes) {
    let head = try reader.take(UInt8.self)
    guard let code = RelayedCode(rawValue: head & 0x3f) else { throw MalformedBytes() }
    let result: Outcome.Result
    switch code {
    case .done:
      let version = try reader.takeVarint()
      var old: Range<Int>?
      if head & hasOld != 0 { old = outcomes.keep(try reader.takeCounted(max: Write.valueBytesMax)) }
      result = .done(version: version == 0 ? nil : version, old: old)
    case .conditionFailed: result = .conditionFailed
    case .keyReused: result = .keyReused
    case .expired: result = .expired(floor: try reader.takeVarint())
    case .storeFull: result = .storeFull
    case .refused: return failures.append((number, .unavailable))
    case .unknown: return failures.append((number, .unknown))
    }
    outcomes.append(Outcome(ticket: number, result: result, isReplayed: head & isReplayed != 0))
  }

  /// The values that `reads` asked for.
  func takeReads(_ reads: Reads, into outcomes: inout ReadOutcomes) throws(MalformedBytes) {
    var caught: MalformedBytes?
    bytes.withUnsafeBytes { raw in
      var reader = ByteReader(raw)
      do throws(MalformedBytes) {
        for ticket in reads.tickets {
          let hasValue = try reader.take(UInt8.self) == 1
          let counter = hasValue ? try reader.takeVarint() : nil
          let value = hasValue ? try reader.takeCounted(max: Write.valueBytesMax) : nil
          outcomes.append(ticket: ticket, counter: counter, lineage: lineage, value: value)
        }
        try reader.expectEnd()
      } catch { caught = error }
    }
    if let caught { throw caught }
  }
}
