/// What was answered with another status than 200, and what was not answered.
package struct ErrorCounts: Sendable {
  /// In the order of their first appearance; there are few.
  private var byStatus: [(status: UInt16, count: UInt64)] = []
  private var byLoss: (timeout: UInt64, disconnected: UInt64, malformed: UInt64, unsent: UInt64) = (
    0, 0, 0, 0
  )
  package private(set) var total: UInt64 = 0

  mutating func count(status: UInt16) {
    total += 1
    if let index = byStatus.firstIndex(where: { $0.status == status }) {
      byStatus[index].count += 1
    } else {
      byStatus.append((status, 1))
    }
  }

  mutating func count(_ loss: LoadLoss, _ count: UInt64 = 1) {
    total += count
    switch loss {
    case .timeout: byLoss.timeout += count
    case .disconnected: byLoss.disconnected += count
    case .malformed: byLoss.malformed += count
    case .unsent: byLoss.unsent += count
    }
  }

  package subscript(loss: LoadLoss) -> UInt64 {
    switch loss {
    case .timeout: byLoss.timeout
    case .disconnected: byLoss.disconnected
    case .malformed: byLoss.malformed
    case .unsent: byLoss.unsent
    }
  }

  package subscript(status status: UInt16) -> UInt64 {
    byStatus.first { $0.status == status }?.count ?? 0
  }

  /// `503`, `timeout` …, each with its count, none of them 0.
  package var named: [(name: String, count: UInt64)] {
    let statuses = byStatus.sorted { $0.status < $1.status }.map { (name: "\($0.status)", count: $0.count) }
    let losses = LoadLoss.allCases.map { (name: $0.name, count: self[$0]) }
    return statuses + losses.filter { $0.count > 0 }
  }
}
