import Bytes
import KVStore

/// Stores of many keys.
enum SampleStore {
  static func make(keys: Int, valueBytes: Int) -> Store {
    var store = Store(hashKey: HashKey(3, 4))
    for number in 0..<keys { set(number, valueBytes, in: &store) }
    return store
  }

  /// A write to the key of this number.
  static func set(_ number: Int, _ valueBytes: Int, in store: inout Store) {
    let key = Array("key-\(number &* 2_654_435_761 & 0xffff_ffff)".utf8)
    let value = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: valueBytes)
    var outcomes = Outcomes()
    key.withUnsafeBytes { key in
      value.withUnsafeBytes { value in
        let identity = Digest(low: store.counter + 1, high: 0)
        store.execute(Write(set: key, to: value), identity: identity, ticket: nil, into: &outcomes)
      }
    }
  }
}
