import HTTP

/// What a client is about to ask.
struct PlannedOperation {
  enum Action: Equatable {
    case read
    case write([UInt8])
    case delete
  }

  enum Condition {
    case none
    /// Only while the value is the one with this tag; what that is.
    case match(EntityTag, [UInt8])
    /// Only where there is no value.
    case creation
  }

  var key: [UInt8]
  var action: Action
  var condition = Condition.none
  /// Empty: none. With one, it may be sent again, also to another server.
  var idempotencyKey: [UInt8] = []

  var isRead: Bool { action == .read }

  var text: String {
    let kind =
      switch action {
      case .read: "read"
      case .write(let value): "write of \(String(decoding: value.prefix(20), as: UTF8.self))"
      case .delete: "delete"
      }
    return
      "\(kind), \(String(decoding: key, as: UTF8.self)) \(String(decoding: idempotencyKey, as: UTF8.self))"
  }

  func put(_ writer: RequestWriter, isStrict: Bool, into output: inout [UInt8]) {
    var options = RequestWriter.Options()
    options.idempotencyKey = idempotencyKey
    if isStrict { options.demand = .linearizable }
    switch condition {
    case .none: break
    case .match(let tag, _): options.ifMatch = tag
    case .creation: options.isCreation = true
    }
    key.withUnsafeBytes { key in
      switch action {
      case .read: writer.putRead(key: key, options: options, into: &output)
      case .write(let value):
        value.withUnsafeBytes { writer.putWrite(key: key, value: $0, options: options, into: &output) }
      case .delete: writer.putRemove(key: key, options: options, into: &output)
      }
    }
  }
}

/// Draws a client's operations: each write has a value of its own, so that the check of the history is exact.
struct OperationSource {
  let client: UInt32
  let keys: [[UInt8]]
  /// Of its idempotency keys: servers that outlive a run remember those of the one before.
  private let prefix: String
  private let deletes: Bool
  private let readsOnly: Bool
  private var generator: SeededGenerator
  private var written = 0
  private var keyed = 0
  /// What each key held, with its tag, when this client last saw it.
  private var seen: [[UInt8]: (EntityTag, [UInt8])] = [:]

  init(
    client: UInt32, keys: [[UInt8]], prefix: String, seed: UInt64, deletes: Bool = true,
    readsOnly: Bool = false
  ) {
    (self.client, self.keys, self.prefix) = (client, keys, prefix)
    (self.deletes, self.readsOnly) = (deletes, readsOnly)
    // A stream begins anywhere in one long circle: clients must not follow each other closely on it.
    var seeds = SeededGenerator(state: seed ^ UInt64(client) << 32)
    generator = SeededGenerator(state: seeds.next())
  }

  mutating func see(_ key: [UInt8], _ tag: EntityTag?, _ value: [UInt8]?) {
    if let tag, let value { seen[key] = (tag, value) } else { seen[key] = nil }
  }

  mutating func next() -> PlannedOperation {
    let key = keys[generator.below(keys.count)]
    if readsOnly { return PlannedOperation(key: key, action: .read) }
    switch generator.below(100) {
    case 0..<45: return PlannedOperation(key: key, action: .read)
    case 45..<72: return PlannedOperation(key: key, action: .write(value()))
    case 72..<86:
      return PlannedOperation(key: key, action: .write(value()), idempotencyKey: idempotencyKey())
    case 86..<88: return PlannedOperation(key: key, action: .write(value(padded: 1_800)))
    case 88..<91: return PlannedOperation(key: key, action: removal())
    case 91..<93: return PlannedOperation(key: key, action: removal(), idempotencyKey: idempotencyKey())
    case 93..<96: return PlannedOperation(key: key, action: .write(value()), condition: .creation)
    default:
      guard let (tag, value) = seen[key] else { return PlannedOperation(key: key, action: .read) }
      return PlannedOperation(key: key, action: removal(), condition: .match(tag, value))
    }
  }

  /// Whether to send once more what was answered.
  mutating func wantsEcho() -> Bool { generator.below(3) == 0 }

  /// Milliseconds to wait before the next operation, `mean` on average.
  mutating func pause(mean: Int) -> UInt64 { UInt64(generator.below(2 * mean + 1)) }

  private mutating func removal() -> PlannedOperation.Action { deletes ? .delete : .write(value()) }

  private mutating func value(padded length: Int = 0) -> [UInt8] {
    written += 1
    let text = Array("\(client).\(written)".utf8)
    return text + [UInt8](repeating: UInt8(ascii: "."), count: max(0, length - text.count))
  }

  private mutating func idempotencyKey() -> [UInt8] {
    keyed += 1
    return Array("\(prefix)\(client)-\(keyed)".utf8)
  }
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  mutating func below(_ count: Int) -> Int { Int.random(in: 0..<count, using: &self) }
}
