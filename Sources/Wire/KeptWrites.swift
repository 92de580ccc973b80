import Bytes
import VSR

/// Writes kept without a quorum, as their records come: some are repeated, and some end.
package struct KeptWrites: Equatable, Sendable {
  private var writes: [Digest: (bytes: [UInt8], number: UInt64)] = [:]
  /// As they were first kept; those no longer in `writes` under that number have ended.
  private var order: [(identity: Digest, number: UInt64)] = []
  private var next: UInt64 = 0

  package init(_ kept: [[UInt8]] = []) {
    for write in kept { _ = keep(write) }
  }

  /// In the order in which they were first kept.
  package var all: [[UInt8]] { 
    order.compactMap { place in writes[place.identity].flatMap { $0.number == place.number ? $0.bytes : nil } }
  }

  /// False: no merge write.
  package mutating func keep(_ bytes: [UInt8]) -> Bool {
    guard let identity = mergeIdentity(of: bytes) else { return false }
    if let known = writes[identity] {
      writes[identity] = (bytes, known.number)
    } else {
      writes[identity] = (bytes, next)
      order.append((identity, next))
      next += 1
    }
    return true
  }

  package mutating func end(_ identity: Digest) {
    guard writes.removeValue(forKey: identity) != nil else { return }
    if order.count > 2 * writes.count + 64 { 
      order.removeAll { writes[$0.identity]?.number != $0.number }
    }
  }

  package static func == (left: KeptWrites, right: KeptWrites) -> Bool { left.all == right.all }
}
