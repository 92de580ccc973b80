/// What each request asks, as a function of the seed and of the request's number alone: the same seed gives the
/// same requests, however fast they are answered.
struct Workload: Sendable {
  private let seed: UInt64
  private let readsPercent: UInt64
  private let keys: UInt64
  /// Nil: all keys are alike.
  private let zipfian: Zipfian?

  init(_ options: LoadOptions) {
    seed = Self.mix(options.seed)
    readsPercent = UInt64(options.readsPercent)
    keys = UInt64(options.keys)
    zipfian = options.distribution == .zipfian ? Zipfian(keys: keys) : nil
  }

  @inline(__always)
  func draw(_ number: UInt64) -> (action: LoadRequest.Action, key: UInt32) {
    let bits = Self.mix(seed &+ number &* 0x9e37_79b9_7f4a_7c15)
    // Of 32 bits to a range by multiplication (Lemire, 2019); the bias is under one in a hundred for any bound
    // that is taken here.
    let isRead = ((bits >> 32) &* 100) >> 32 < readsPercent
    return (isRead ? .read : .write, UInt32(truncatingIfNeeded: key(bits)))
  }

  @inline(__always)
  private func key(_ bits: UInt64) -> UInt64 {
    guard let zipfian else { return ((bits & 0xffff_ffff) &* keys) >> 32 }
    // Mixed once more: 32 bits would be too coarse for the rare keys of many.
    return zipfian.key(Double(Self.mix(bits) >> 11) * 0x1p-53)
  }

  /// The finalizer of splitmix64 (Steele, Lea and Flood, 2014).
  static func mix(_ value: UInt64) -> UInt64 {
    var z = value &+ 0x9e37_79b9_7f4a_7c15
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
  }
}
