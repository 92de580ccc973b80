import VSR

// Who does not take part, and since when.
extension StatusSentence {
  /// `b:1 missing for 12 s, c:1 for 3 s, d:1 not reached in 40 s`.
  static func absent(_ absences: [Outlook.Absence], names: [String]) -> String {
    var missing: [String] = []
    var others: [String] = []
    for absence in absences {
      let name = names[absence.server]
      switch absence.kind {
      case .missing(let ticks):
        missing.append("\(name)\(missing.isEmpty ? " missing" : "") for \(duration(ticks))")
      case .neverReached(let ticks): others.append("\(name) not reached in \(duration(ticks))")
      case .replaced: others.append("\(name) is back without its state")
      case .learning: others.append("\(name) is catching up")
      }
    }
    return (missing + others).joined(separator: ", ")
  }

  /// In the largest unit that leaves two digits' worth of meaning: `0.4 s`, `12 s`, `3 min`, `5 h`, `2 d`.
  static func duration(_ ticks: Tick) -> String {
    let tenths = ticks * 10 / DriverClock.ticksPerSecond
    let seconds = tenths / 10
    switch seconds {
    case 0..<10: return "\(seconds).\(tenths % 10) s"
    case 10..<120: return "\(seconds) s"
    case 120..<7_200: return "\(seconds / 60) min"
    case 7_200..<172_800: return "\(seconds / 3_600) h"
    default: return "\(seconds / 86_400) d"
    }
  }
}
