import Bytes
import Journal
import VSR

/// What all disks of a run have in common.
struct DiskSettings: Sendable {
  static let cluster = Digest(low: 0x636c_7573, high: 0x7465_7200)
  static let address = Array("10.0.0.1:8081".utf8)

  var serverCount: Int
  /// Small, so that segments are begun and recycled often.
  var layout = SegmentLayout(segmentSize: SegmentLayout.segmentSizeMin)
  // Rules that a test build may remove.
  var syncCoversOnlyEarlierWrites = true
  var damageIsNotATornTail = true

  /// Of a whole segment.
  let zeros: [UInt8]

  init(serverCount: Int, layout: SegmentLayout = SegmentLayout(segmentSize: SegmentLayout.segmentSizeMin)) {
    self.serverCount = serverCount
    self.layout = layout
    zeros = [UInt8](repeating: 0, count: layout.segmentSize)
  }

  init(_ settings: Settings) {
    self.init(serverCount: settings.serverCount, layout: DiskSettings.layout(settings))
    syncCoversOnlyEarlierWrites = settings.options.holds(.syncCoversOnlyEarlierWrites)
    damageIsNotATornTail = settings.options.holds(.damageIsNotATornTail)
  }

  /// The smallest in which the longest op of these clients finds room: servers hold every write until its
  /// deadline, also those that a client has given up.
  private static func layout(_ settings: Settings) -> SegmentLayout {
    let kinds = settings.kinds
    let slots = settings.clientCount * (kinds.contains(.pipelining) ? settings.depth : 1)
    let perSlot = 2 * (Int(settings.options.deadlineTicks) * 10_000 / settings.timeoutMean + 2)
    let longest = Bounds.batchBytesMax + Bounds.groupBytesMax + 1024
    let bytes = slots * perSlot * (settings.valueBytesMax + 100)
    let needed = kinds.contains(.vanishing) ? longest : min(longest, bytes)
    var layout = SegmentLayout(segmentSize: SegmentLayout.segmentSizeMin)
    while layout.payloadMax < needed { layout = SegmentLayout(segmentSize: 2 * layout.segmentSize) }
    return layout
  }
}
