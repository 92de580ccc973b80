/// What came of one fault, until the next one began. Times are nanoseconds.
package struct FaultRow: Sendable, Encodable {
  package struct Counts: Sendable, Equatable, Encodable {
    package var reads = 0
    package var writes = 0
    package var refused = 0
    package var unknown = 0
    package var unreachable = 0
    package var labelled = 0
    package var outOfDate = 0
    package var wrongOld = 0
    package var lost = 0
    package var views = 0

    package var violations: Int { outOfDate + wrongOld + lost }

    mutating func add(_ kind: Sighting.Kind) {
      switch kind {
      case .read: reads += 1
      case .write: writes += 1
      case .refused: refused += 1
      case .unknown: unknown += 1
      case .unreachable: unreachable += 1
      case .labelled: labelled += 1
      }
    }

    mutating func add(_ kind: WrongAnswer.Kind) {
      switch kind {
      case .outOfDate: outOfDate += 1
      case .wrongOld: wrongOld += 1
      case .lost: lost += 1
      }
    }
  }

  /// The longest times without a success.
  package struct Gaps: Sendable, Equatable, Encodable {
    /// No server answered.
    package var nobody: UInt64 = 0
    /// The server that stood still longest, of those that the fault did not hit; nil: it hit all.
    package var others: UInt64?
  }

  /// Since the beginning.
  package var at: UInt64
  package var text: String
  /// Whom it hit.
  package var hit: [Int]
  package var length: UInt64 = 0
  /// Of each server: until it had answered a read and a write asked after the fault; nil: it did not.
  package var answersAgain: [UInt64?] = []
  package var readGaps = Gaps()
  package var writeGaps = Gaps()
  /// The longest time without a success of the client that was given all servers; nil: none ran.
  package var clientGap: UInt64?
  package var counts = Counts()
}

/// A row for each moment of faults, and the sum of everything.
package struct FaultTable: Sendable, Encodable {
  /// The first stands for the time before any fault.
  package private(set) var rows: [FaultRow] = []
  package private(set) var total = FaultRow.Counts()
  package let serverCount: Int

  package init(_ record: FaultRecord) {
    serverCount = record.serverCount
    let faults = Self.moments(record)
    let sightings = record.sightings.sorted {
      ($0.ended, $0.asked, $0.server) < ($1.ended, $1.asked, $1.server)
    }
    var place = 0
    var lasts = LastSuccesses(record.serverCount, from: record.begins)
    for (index, fault) in faults.enumerated() {
      let end = index + 1 < faults.count ? faults[index + 1].at : max(record.ends, fault.at)
      let first = place
      while place < sightings.count, sightings[place].ended < end || index + 1 == faults.count { place += 1 }
      var row = FaultRow(at: fault.at - record.begins, text: fault.text, hit: fault.servers)
      row.length = end - fault.at
      row.fill(sightings[first..<place], from: fault.at, to: end, record.serverCount, &lasts)
      for wrong in record.wrongs where wrong.at >= fault.at && wrong.at < end || isOutside(wrong, row, record)
      {
        row.counts.add(wrong.kind)
      }
      row.counts.views = record.views.count { $0.at >= fault.at && $0.at < end && $0.at > record.begins }
      rows.append(row)
      total.add(row.counts)
    }
  }

  /// Answers of the final reads come after the last row's end, and belong to it.
  private func isOutside(_ wrong: WrongAnswer, _ row: FaultRow, _ record: FaultRecord) -> Bool {
    wrong.at >= record.ends && row.at + row.length == record.ends - record.begins
  }

  /// Faults of one moment are one.
  private static func moments(_ record: FaultRecord) -> [FaultMark] {
    var faults = [FaultMark(at: record.begins, "(no fault yet)", isFault: false, servers: [])]
    for mark in record.marks where mark.isFault {
      if let last = faults.last, last.isFault, isOneMoment(last, mark) {
        faults[faults.count - 1].text += ", " + mark.text
        faults[faults.count - 1].servers += mark.servers.filter { !last.servers.contains($0) }
      } else {
        faults.append(mark)
      }
    }
    return faults
  }

  private static func isOneMoment(_ one: FaultMark, _ next: FaultMark) -> Bool {
    if let moment = one.moment, next.moment == moment { return true }
    return next.at - one.at < momentMax
  }

  /// Faults that follow each other within this are of one moment, nanoseconds.
  private static let momentMax: UInt64 = 150_000_000
}

/// When each server, anybody, and the client of all last had success: it goes on from row to row, so that a gap
/// that began before a fault is counted whole.
private struct LastSuccesses {
  var reads: [UInt64]
  var writes: [UInt64]
  var anyRead: UInt64
  var anyWrite: UInt64
  var client: UInt64

  init(_ servers: Int, from begin: UInt64) {
    reads = Array(repeating: begin, count: servers)
    writes = reads
    (anyRead, anyWrite, client) = (begin, begin, begin)
  }
}

extension FaultRow {
  /// `sightings`: those that ended in this row's time, in order.
  fileprivate mutating func fill(
    _ sightings: ArraySlice<Sighting>, from begin: UInt64, to end: UInt64, _ servers: Int,
    _ last: inout LastSuccesses
  ) {
    var reads = [UInt64](repeating: 0, count: servers)
    var writes = reads
    var readAgain = [UInt64?](repeating: nil, count: servers)
    var writtenAgain = readAgain
    for sighting in sightings {
      counts.add(sighting.kind)
      guard sighting.kind.isSuccess else { continue }
      guard sighting.server >= 0 else {
        clientGap = Swift.max(clientGap ?? 0, gap(&last.client, sighting.ended))
        continue
      }
      let server = Int(sighting.server)
      if sighting.kind == .read {
        reads[server] = Swift.max(reads[server], gap(&last.reads[server], sighting.ended))
        readGaps.nobody = Swift.max(readGaps.nobody, gap(&last.anyRead, sighting.ended))
        if sighting.asked >= begin, readAgain[server] == nil { readAgain[server] = sighting.ended - begin }
      } else {
        writes[server] = Swift.max(writes[server], gap(&last.writes[server], sighting.ended))
        writeGaps.nobody = Swift.max(writeGaps.nobody, gap(&last.anyWrite, sighting.ended))
        if sighting.asked >= begin, writtenAgain[server] == nil {
          writtenAgain[server] = sighting.ended - begin
        }
      }
    }
    // What still lasts when the row ends counts up to there.
    for server in 0..<servers {
      reads[server] = Swift.max(reads[server], open(last.reads[server], end))
      writes[server] = Swift.max(writes[server], open(last.writes[server], end))
    }
    readGaps.nobody = Swift.max(readGaps.nobody, open(last.anyRead, end))
    writeGaps.nobody = Swift.max(writeGaps.nobody, open(last.anyWrite, end))
    let others = (0..<servers).filter { !hit.contains($0) }
    readGaps.others = others.map { reads[$0] }.max()
    writeGaps.others = others.map { writes[$0] }.max()
    answersAgain = zip(readAgain, writtenAgain).map { read, write in
      if let read, let write { Swift.max(read, write) } else { nil }
    }
  }

  private func gap(_ last: inout UInt64, _ now: UInt64) -> UInt64 {
    defer { last = Swift.max(last, now) }
    return now > last ? now - last : 0
  }

  private func open(_ last: UInt64, _ end: UInt64) -> UInt64 { end > last ? end - last : 0 }
}

extension FaultRow.Counts {
  mutating func add(_ other: FaultRow.Counts) {
    reads += other.reads
    writes += other.writes
    refused += other.refused
    unknown += other.unknown
    unreachable += other.unreachable
    labelled += other.labelled
    outOfDate += other.outOfDate
    wrongOld += other.wrongOld
    lost += other.lost
    views += other.views
  }
}
