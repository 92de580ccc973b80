import Faults

/// What was seen, in cells of 50 ms for each server.
struct Timeline {
  struct Cell {
    var reads = 0
    var writes = 0
    var refused = 0
    /// No answer, or none that can be used.
    var unanswered = 0
    var labelled = 0
    var wrong = 0
  }

  static let cellNanoseconds: UInt64 = 50_000_000

  let begins: UInt64
  let cellCount: Int
  /// Of each server; the last lane is that of the clients which choose among all.
  private(set) var lanes: [[Cell]]
  let record: FaultRecord

  init(_ record: FaultRecord) {
    self.record = record
    begins = record.begins
    let count = Int((max(record.ends, record.begins + 1) - record.begins - 1) / Self.cellNanoseconds) + 1
    cellCount = count
    lanes = Array(repeating: Array(repeating: Cell(), count: count), count: record.serverCount + 1)
    for sighting in record.sightings {
      let lane = sighting.server >= 0 ? Int(sighting.server) : record.serverCount
      let cell = self.cell(sighting.ended)
      switch sighting.kind {
      case .read: lanes[lane][cell].reads += 1
      case .write: lanes[lane][cell].writes += 1
      case .refused: lanes[lane][cell].refused += 1
      case .unknown, .unreachable: lanes[lane][cell].unanswered += 1
      case .labelled: lanes[lane][cell].labelled += 1
      }
    }
    for wrong in record.wrongs { lanes[record.serverCount][cell(wrong.at)].wrong += 1 }
  }

  func cell(_ time: UInt64) -> Int {
    min(Int((max(time, begins) - begins) / Self.cellNanoseconds), cellCount - 1)
  }

  /// The height that stands for a full lane: what nineteen of twenty cells of servers stay under.
  var fullCount: Int {
    let counts = lanes.dropLast().joined().map { $0.reads + $0.writes }.filter { $0 > 0 }.sorted()
    return counts.isEmpty ? 1 : max(1, counts[counts.count * 19 / 20])
  }

  /// From when to when each server was hit, as cells: from a fault to the repair after it.
  var troubles: [[Range<Int>]] {
    var begun = [Int?](repeating: nil, count: record.serverCount)
    var troubles = [[Range<Int>]](repeating: [], count: record.serverCount)
    for mark in record.marks {
      let cell = self.cell(mark.at)
      if mark.isFault {
        for server in mark.servers where begun[server] == nil { begun[server] = cell }
      } else {
        // A heal names nobody, and repairs all that were cut off.
        let repaired = mark.servers.isEmpty ? Array(0..<record.serverCount) : mark.servers
        for server in repaired {
          if let from = begun[server] { troubles[server].append(from..<max(cell, from + 1)) }
          begun[server] = nil
        }
      }
    }
    for server in begun.indices {
      if let from = begun[server] { troubles[server].append(from..<cellCount) }
    }
    return troubles
  }
}
