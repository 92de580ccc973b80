/// Rates of the faults that a seed has, 0 where it does not have them: looked at for every message.
struct Rates: Sendable {
  var lossPermille = 0
  var duplicationPermille = 0
  var reorderingPermille = 0
  var spikePermille = 0
  var slowSyncPermille = 0
  var driftPermille = 0
  var vanishPermille = 0
  var doublingPermille = 0
  var isStray = false
  var losesUnread = false
  var losesWrites = false
  var retries = false
  var depth = 1

  init(_ settings: Settings) {
    let kinds = settings.kinds
    if kinds.contains(.loss) { lossPermille = settings.lossPermille }
    if kinds.contains(.duplication) { duplicationPermille = settings.duplicationPermille }
    if kinds.contains(.reordering) { reorderingPermille = settings.reorderingPermille }
    if kinds.contains(.delays) { spikePermille = settings.spikePermille }
    if kinds.contains(.slowDisk) { slowSyncPermille = settings.slowSyncPermille }
    if kinds.contains(.drift) { driftPermille = settings.driftPermille }
    if kinds.contains(.vanishing) { vanishPermille = settings.vanishPermille }
    if kinds.contains(.doubling) { doublingPermille = settings.doublingPermille }
    losesUnread = kinds.contains(.unread)
    isStray = kinds.contains(.stray)
    losesWrites = kinds.contains(.lostWrites)
    retries = kinds.contains(.retries)
    if kinds.contains(.pipelining) { depth = settings.depth }
  }
}
