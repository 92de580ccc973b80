/// What a server has agreed to, and what the coordinator of a formation has collected.
package struct FormationState: Sendable {
  /// The vector last agreed to, while it has not been entered.
  package internal(set) var agreed: [Incarnation]?
  /// Members heard in the current epoch: they have entered it.
  var entered = ServerMask()
  /// The greatest epoch number heard of.
  package internal(set) var epochHeard: UInt64
  /// Servers that an operator declared gone for good.
  package internal(set) var excluded = ServerMask()
  /// The lineage whose possible loss an operator has acknowledged, and the epoch does not yet say so.
  var lossAcknowledged: UInt64 = 0

  // The coordinator's.
  var reports: [Report?] = Array(repeating: nil, count: serversMax)
  var proposedAt: Tick = 0
  var announcedAt: Tick = 0
  var announcement: Announce?

  init(agreed: [Incarnation]?, epochHeard: UInt64) {
    self.agreed = agreed
    self.epochHeard = epochHeard
  }

  mutating func agree(to vector: [Incarnation]) {
    guard vector != agreed else { return }
    // The other vector may have been entered by others: as good as having heard of their epoch.
    if agreed != nil { epochHeard = max(epochHeard, announcement?.start.number ?? 1) }
    agreed = vector
    reports = Array(repeating: nil, count: serversMax)
    announcement = nil
  }

  mutating func enter(_ epoch: Epoch) {
    agreed = nil
    excluded = ServerMask()
    entered = ServerMask()
    if !epoch.start.isLossPossible || epoch.start.lineage != lossAcknowledged { lossAcknowledged = 0 }
    epochHeard = max(epochHeard, epoch.id.number)
    reports = Array(repeating: nil, count: serversMax)
    announcement = nil
  }
}
