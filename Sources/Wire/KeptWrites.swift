import Bytes
import VSR

/// Writes kept without a quorum, as their records come: some are repeated, and some end.
struct KeptWrites: Sendable {
  private var writes: [Digest: [UInt8]] = [:]
  private var order: [Digest] = []

  /// In the order in which they were first kept.
  var all: [[UInt8]] { order.compactMap { writes[$0] } }

  /// False: no merge write.
  mutating func keep(_ bytes: [UInt8]) -> Bool {
    guard let identity = mergeIdentity(of: bytes) else { return false }
    if writes.updateValue(bytes, forKey: identity) == nil { order.append(identity) }
    return true
  }

  mutating func end(_ identity: Digest) {
    guard writes.removeValue(forKey: identity) != nil else { return }
    order.removeAll { $0 == identity }
  }
}
