import Bytes

/// What a configuration change or a birth establishes: the body of a stop-sign and of a birth record.
package struct EpochStart: Hashable, Sendable {
  package var number: UInt64
  package var configuration: Configuration
  /// The primary of view 0.
  package var firstPrimary: ServerIndex
  /// Grows when state may have been lost: the promise holds within a lineage.
  package var lineage: UInt64
  /// Whether this lineage may lack what an earlier one acknowledged.
  package var isLossPossible: Bool
  /// A born epoch: the incarnations that agreed to it, by server, 0 for one left out. Empty: a stop-sign's.
  package var vector: [Incarnation]

  package init(
    number: UInt64, configuration: Configuration, firstPrimary: ServerIndex, lineage: UInt64,
    isLossPossible: Bool, vector: [Incarnation] = []
  ) {
    self.number = number
    self.configuration = configuration
    self.firstPrimary = firstPrimary
    self.lineage = lineage
    self.isLossPossible = isLossPossible
    self.vector = vector
  }

  package func put(into bytes: inout [UInt8]) {
    bytes.putVarint(number)
    configuration.put(into: &bytes)
    bytes.put(UInt8(firstPrimary))
    bytes.putVarint(lineage)
    bytes.put(UInt8(isLossPossible ? 1 : 0))
    bytes.put(UInt8(vector.count))
    for incarnation in vector { bytes.put(incarnation) }
  }

  package static func take(from reader: inout ByteReader) throws(MalformedBytes) -> EpochStart {
    let number = try reader.takeVarint()
    let configuration = try Configuration.take(from: &reader)
    let firstPrimary = Int(try reader.take(UInt8.self))
    let lineage = try reader.takeVarint()
    let loss = try reader.take(UInt8.self)
    guard loss <= 1, configuration.members.isEmpty || configuration.member(at: firstPrimary) != nil else {
      throw MalformedBytes()
    }
    let count = Int(try reader.take(UInt8.self))
    guard count <= serversMax else { throw MalformedBytes() }
    var vector: [Incarnation] = []
    for _ in 0..<count { vector.append(try reader.take(UInt64.self)) }
    return EpochStart(
      number: number, configuration: configuration, firstPrimary: firstPrimary, lineage: lineage,
      isLossPossible: loss == 1, vector: vector)
  }

  /// The encoding as a log entry's body.
  package var body: [UInt8] {
    var bytes: [UInt8] = []
    put(into: &bytes)
    return bytes
  }

  package init(body: [UInt8]) throws(MalformedBytes) {
    var result: Result<EpochStart, MalformedBytes> = .failure(MalformedBytes())
    body.withUnsafeBytes { raw in
      result = Result { () throws(MalformedBytes) in
        var reader = ByteReader(raw)
        let start = try EpochStart.take(from: &reader)
        try reader.expectEnd()
        return start
      }
    }
    self = try result.get()
  }
}

/// The epoch that a replica is in: how it started, and where in the log.
package struct Epoch: Hashable, Sendable {
  package var id: EpochID
  package var start: EpochStart
  /// The op of the stop-sign or birth record that it starts from; what follows was prepared in it.
  package var startOp: Op

  package init(id: EpochID, start: EpochStart, startOp: Op) {
    self.id = id
    self.start = start
    self.startOp = startOp
  }

  /// Before birth: nobody decides anything.
  package static let none = Epoch(
    id: .none,
    start: EpochStart(number: 0, configuration: .empty, firstPrimary: 0, lineage: 0, isLossPossible: false),
    startOp: 0)

  package var configuration: Configuration { start.configuration }

  /// Whether it was born or reborn of an agreement of servers, not of a stop-sign.
  package var isBorn: Bool { !start.vector.isEmpty }

  package func primary(of view: View) -> ServerIndex {
    configuration.primary(of: view, first: start.firstPrimary)
  }

  package func put(into bytes: inout [UInt8]) {
    bytes.put(id.hash)
    bytes.putVarint(startOp)
    start.put(into: &bytes)
  }

  package static func take(from reader: inout ByteReader) throws(MalformedBytes) -> Epoch {
    let hash = try reader.take(UInt64.self)
    let startOp = try reader.takeVarint()
    let start = try EpochStart.take(from: &reader)
    return Epoch(id: EpochID(number: start.number, hash: hash), start: start, startOp: startOp)
  }
}
