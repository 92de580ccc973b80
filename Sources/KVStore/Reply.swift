import Bytes

/// A recorded outcome, as bytes in the client table: a code, then for what was executed the version (eight
/// bytes; 0: nothing is stored now) and the old value, if there was one.
enum Reply {
  enum Code: UInt8 {
    case conditionFailed = 0
    case storeFull = 1
    case doneWithoutOld = 2
    case doneWithOld = 3
  }

  private static let headBytes = 9
  static let bytesMax = headBytes + Write.valueBytesMax

  /// Appends the bytes of `result`, whose old value is in `values`.
  static func put(_ result: Outcome.Result, values: [UInt8], into reply: inout [UInt8]) {
    switch result {
    case .conditionFailed: reply.put(Code.conditionFailed.rawValue)
    case .storeFull: reply.put(Code.storeFull.rawValue)
    case .done(let version, nil):
      reply.put(Code.doneWithoutOld.rawValue)
      reply.put(version ?? 0)
    case .done(let version, let old?):
      reply.put(Code.doneWithOld.rawValue)
      reply.put(version ?? 0)
      reply.append(contentsOf: values[old])
    case .keyReused, .expired: preconditionFailure("never recorded")
    }
  }

  /// The outcome again. Its old value goes to `outcomes`.
  static func take(_ reply: UnsafeRawBufferPointer, into outcomes: inout Outcomes) -> Outcome.Result {
    guard let parts = parse(reply) else { preconditionFailure("checked when it came") }
    switch parts.code {
    case .conditionFailed: return .conditionFailed
    case .storeFull: return .storeFull
    case .doneWithoutOld: return .done(version: parts.version, old: nil)
    case .doneWithOld: return .done(version: parts.version, old: outcomes.keep(parts.old))
    }
  }

  struct Parts {
    var code: Code
    var version: UInt64?
    var old: UnsafeRawBufferPointer
  }

  /// Nil if the bytes are no reply.
  static func parse(_ reply: UnsafeRawBufferPointer) -> Parts? {
    guard let first = reply.first, let code = Code(rawValue: first), reply.count <= bytesMax else {
      return nil
    }
    switch code {
    case .conditionFailed, .storeFull:
      guard reply.count == 1 else { return nil }
      return Parts(code: code, version: nil, old: UnsafeRawBufferPointer(rebasing: reply[1...]))
    case .doneWithoutOld: guard reply.count == headBytes else { return nil }
    case .doneWithOld: guard reply.count >= headBytes else { return nil }
    }
    let version = UInt64(littleEndian: reply.loadUnaligned(fromByteOffset: 1, as: UInt64.self))
    let old = UnsafeRawBufferPointer(rebasing: reply[headBytes...])
    return Parts(code: code, version: version == 0 ? nil : version, old: old)
  }
}
