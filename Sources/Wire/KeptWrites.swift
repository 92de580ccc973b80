import Bytes
import VSR

/// Writes kept without a quorum, as their records come: some are repeated, under another place, and some end.
package struct KeptWrites: Sendable {
  private var writes: [Digest: (place: UInt64, bytes: [UInt8])] = [:]

  package init(_ kept: [[UInt8]] = []) {
    for (place, write) in kept.enumerated() { _ = keep(write, at: UInt64(place)) }
  }

  /// In the order of their places.
  package var all: [[UInt8]] { writes.values.sorted { $0.place < $1.place }.map(\.bytes) }

  /// False: no merge write.
  package mutating func keep(_ bytes: [UInt8], at place: UInt64) -> Bool {
    guard let identity = mergeIdentity(of: bytes) else { return false }
    writes[identity] = (place, bytes)
    return true
  }

  package mutating func end(_ identity: Digest) { writes[identity] = nil }
}
