import Bytes

/// A secret of this process: clients who do not know it cannot choose keys that collide. It decides where a key
/// lies, never what is answered, hashed or sent.
package struct HashKey: Sendable {
  var low: UInt64
  var high: UInt64

  package init(_ low: UInt64, _ high: UInt64) {
    self.low = low
    self.high = high
  }

  /// For whoever has to make the same tables again.
  package var words: (low: UInt64, high: UInt64) { (low, high) }

  /// The hash of a key in this process' tables.
  package func hash(_ key: UnsafeRawBufferPointer) -> UInt64 {
    SipHash.hash(key, key: (low, high))
  }
}
