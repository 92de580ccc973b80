/// The only source of chance in a run: xoshiro256** (Blackman and Vigna, 2018), seeded by splitmix64. Each
/// part of a run draws from a stream of its own, so that leaving one fault out does not change what the
/// others draw.
package struct Random: Sendable {
  /// Who draws. The numbers are part of what a seed means.
  package enum Stream: UInt64, Sendable {
    case settings = 1
    case plan = 2
    case network = 3
    case disk = 4
    case clients = 5
    case servers = 6
    case faults = 7
    case wire = 8
    case swarm = 9
    case membership = 10
    case belowQuorum = 11
    case strictness = 12
  }

  private var s0: UInt64
  private var s1: UInt64
  private var s2: UInt64
  private var s3: UInt64

  package init(seed: UInt64, stream: Stream) {
    var mix = seed &* 0x9e37_79b9_7f4a_7c15 ^ stream.rawValue << 56
    func splitmix() -> UInt64 {
      mix &+= 0x9e37_79b9_7f4a_7c15
      var z = mix
      z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
      z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
      return z ^ z >> 31
    }
    s0 = splitmix()
    s1 = splitmix()
    s2 = splitmix()
    s3 = splitmix()
  }

  package mutating func next() -> UInt64 {
    let product = s1 &* 5
    let result = (product << 7 | product >> 57) &* 9
    let shifted = s1 << 17
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= shifted
    s3 = s3 << 45 | s3 >> 19
    return result
  }

  /// Never 0: for what names something.
  package mutating func nextName() -> UInt64 {
    next() | 1 << 40
  }

  /// 0 ..< bound.
  package mutating func below(_ bound: Int) -> Int {
    precondition(bound > 0)
    return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  package mutating func between(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + below(range.count)
  }

  package mutating func chance(permille: Int) -> Bool {
    permille > 0 && below(1000) < permille
  }

  package mutating func pick<Element>(_ choices: [Element]) -> Element {
    choices[below(choices.count)]
  }

  /// About exponentially distributed, in whole numbers only, so that every machine draws the same: the place
  /// of the first 1 bit, made smooth by the bits behind it.
  package mutating func spread(mean: Int) -> Int {
    let bits = next()
    let zeros = min(bits.leadingZeroBitCount, 20)
    let fraction = Int(bits & 0xffff)
    return (mean * ((zeros << 16) + 0xffff - fraction) * 45_426) >> 32
  }
}
