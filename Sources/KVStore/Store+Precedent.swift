import Bytes

/// What the client table says of a write with an idempotency key before it is executed.
enum Precedent {
  /// Nothing: the write is new.
  case none
  /// It has an outcome, which is here.
  case known(ByteMap.Location)
  /// The key came with another write.
  case reused
  /// The key is unknown, and at or under the floor.
  case expired(floor: UInt64)
}

extension Store {
  func precedent(of write: Write, _ key: UnsafeRawBufferPointer) -> Precedent {
    let records = clients.records
    if let location = records.locate(key, hash: records.hash(key)) {
      let isSame = records.withRecord(at: location) { $0.digest == write.requestDigest }
      return isSame ? .known(location) : .reused
    }
    return clients.floor(above: key).map { .expired(floor: $0) } ?? .none
  }

  /// Appends the outcome that a precedent makes.
  func replay(_ precedent: Precedent, _ ticket: UInt64, into outcomes: inout Outcomes) {
    switch precedent {
    case .none: preconditionFailure("to be executed")
    case .known(let location):
      let result = clients.records.withRecord(at: location) { Reply.take($0.value, into: &outcomes) }
      outcomes.append(Outcome(ticket: ticket, result: result, isReplayed: true))
    case .reused: outcomes.append(Outcome(ticket: ticket, result: .keyReused, isReplayed: false))
    case .expired(let floor):
      outcomes.append(Outcome(ticket: ticket, result: .expired(floor: floor), isReplayed: false))
    }
  }
}
