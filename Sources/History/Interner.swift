/// Byte strings as small numbers, in the order of their first appearance: equal bytes, equal number.
package struct Interner: Sendable {
  private var numbers: [[UInt8]: Int32] = [:]
  private var strings: [[UInt8]] = []

  package init() {}

  package var count: Int { strings.count }

  /// The number of `bytes`, given now if they are new.
  package mutating func intern(_ bytes: [UInt8]) -> Int32 {
    if let known = numbers[bytes] { return known }
    let number = Int32(strings.count)
    numbers[bytes] = number
    strings.append(bytes)
    return number
  }

  /// The bytes that have `number`.
  package func bytes(of number: Int32) -> [UInt8] {
    strings[Int(number)]
  }
}
