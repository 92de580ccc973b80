import VSR

extension Settings {
  /// When members are taken out and may return: a stream of its own, so that it moves no other setting.
  mutating func drawMembership() {
    var random = Random(seed: seed, stream: .membership)
    options.evictTicks = UInt64(random.pick([0, 5, 20, 20, 60, 200]))
    options.returnTicks = UInt64(random.pick([1, 10, 50, 100]))
    options.returnTicksMax = options.returnTicks * UInt64(random.pick([1, 4, 16]))
  }
}
