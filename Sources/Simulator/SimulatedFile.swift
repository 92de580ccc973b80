/// The bytes of one file: what the device holds, and what was written since and is in the page cache only. A
/// class, as two names may stand for one file while a directory is being changed.
final class SimulatedFile {
  /// What a crash cannot take away.
  private(set) var device: [UInt8] = []
  private var pending: [Write] = []

  private struct Write {
    let moment: UInt64
    let offset: Int
    let bytes: [UInt8]
  }

  static let sectorSize = 512
  static let pageSize = 4096

  func write(_ bytes: [UInt8], at offset: Int, moment: UInt64) {
    pending.append(Write(moment: moment, offset: offset, bytes: bytes))
  }

  /// An fdatasync that was asked for at `moment` is complete: what was written later may be lost still.
  func sync(through moment: UInt64) {
    var count = 0
    while count < pending.count, pending[count].moment <= moment {
      put(pending[count].bytes, at: pending[count].offset)
      count += 1
    }
    pending.removeFirst(count)
  }

  /// What a process reads.
  var contents: [UInt8] {
    guard !pending.isEmpty else { return device }
    let whole = SimulatedFile()
    whole.device = device
    for write in pending { whole.put(write.bytes, at: write.offset) }
    return whole.device
  }

  /// The machine stops: of what is in the cache any part may have reached the device, also an older version
  /// of a place that was written twice.
  func crash(_ manner: CacheLoss, _ random: inout Random) {
    for write in pending {
      var start = 0
      while start < write.bytes.count {
        let place = write.offset + start
        let end = min((place / manner.unit + 1) * manner.unit - write.offset, write.bytes.count)
        if random.chance(permille: manner.keepsPermille) {
          put(write.bytes[start..<end], at: place)
        }
        start = end
      }
    }
    pending.removeAll()
  }

  /// The device itself changes what it holds.
  func rot(_ change: (inout [UInt8]) -> Void) {
    change(&device)
  }

  private func put(_ bytes: [UInt8], at offset: Int) {
    if offset == 0, bytes.count >= device.count { device = bytes } else { put(bytes[...], at: offset) }
  }

  private func put(_ bytes: ArraySlice<UInt8>, at offset: Int) {
    let end = offset + bytes.count
    if end > device.count { device.append(contentsOf: repeatElement(0, count: end - device.count)) }
    device.withUnsafeMutableBytes { target in
      bytes.withUnsafeBytes { target[offset..<end].copyBytes(from: $0) }
    }
  }
}

/// What a crash of the machine does with what is in its cache.
struct CacheLoss {
  /// Sectors are kept or lost by themselves, or only with their page.
  var unit: Int
  var keepsPermille: Int
  /// Changes of the directory reach the device in order, or in any.
  var keepsOrder: Bool

  init(_ random: inout Random) {
    unit = random.pick([SimulatedFile.sectorSize, SimulatedFile.pageSize])
    keepsPermille = random.pick([0, 100, 500, 900, 1000])
    keepsOrder = random.chance(permille: 500)
  }
}
