import VSR

/// An outlook in one line, for people: what would be survived next; where nothing is decided, why, what would end that,
/// and what an operator could do.
struct StatusSentence {
  /// Bytes of the whole line, whatever the servers are called.
  static let bytesMax = 1024
  /// Bytes of a name where the names as they are do not fit.
  private static let nameBytesMax = 40

  private let outlook: Outlook
  private let names: [String]
  /// Whether a server that is started again has what it had.
  private let isDurable: Bool
  /// Whether the operator's command is spelt out, or only named.
  private let isCommandWhole: Bool

  /// `names`: of the servers, as written, by index.
  static func text(for outlook: Outlook, names: [String], isDurable: Bool) -> String {
    for isCommandWhole in [true, false] {
      let sentence = StatusSentence(
        outlook: outlook, names: names, isDurable: isDurable, isCommandWhole: isCommandWhole)
      if sentence.text.utf8.count <= bytesMax { return sentence.text }
    }
    let short = names.map { $0.utf8.count <= nameBytesMax ? $0 : "..." + $0.suffix(nameBytesMax - 3) }
    return StatusSentence(outlook: outlook, names: short, isDurable: isDurable, isCommandWhole: false).text
  }

  private var text: String {
    if outlook.isServing { return parts(serving, absent) }
    if outlook.isFrozen || (outlook.standing == .quorumLost && outlook.isBeyondReturn) {
      return parts(lost, absent, command)
    }
    return switch outlook.standing {
    case .normal, .viewChange: parts("a new primary is being found", absent)
    case .catchingUp: parts(catchingUp, absent)
    case .quorumLost:
      parts(noQuorum, absent, "ends when \(end)" + (isDurable ? "" : " without a restart"), command)
    case .unborn: unborn
    }
  }

  private var absent: String { Self.absent(outlook.absences, names: names) }

  private func parts(_ parts: String...) -> String { parts.filter { !$0.isEmpty }.joined(separator: "; ") }
}

// MARK: - Serving

extension StatusSentence {
  private var serving: String {
    "linearizable" + (outlook.isMember ? "" : ", not a member yet") + "; " + survival
  }

  private var survival: String {
    guard let prospect = outlook.prospect else { return "the members are just changing" }
    if names.count == 1 { return "survives no failure: it is the only server" }
    let (now, apart) = (prospect.atOnce, prospect.apart)
    let later = apart == 1 ? "1 if it comes later" : "\(apart) if they come apart"
    if now > 0 {
      return "survives \(now) more failure\(now > 1 ? "s" : "")" + (apart > now ? ", " + later : "")
    }
    if prospect.critical.count < outlook.present.count {
      return "survives 1 more failure but that of \(list(prospect.critical))"
        + (apart > 0 ? ", any " + later : "")
    }
    return "survives no more failure" + (apart > 0 ? " now, " + later : "")
  }

  private func list(_ servers: ServerMask) -> String {
    names.indices.filter(servers.contains).map { names[$0] }.joined(separator: " or ")
  }
}

// MARK: - Not serving

extension StatusSentence {
  private var noQuorum: String {
    let configuration = outlook.configuration
    return "no quorum: weight \(configuration.weight(of: outlook.present)) of \(configuration.totalWeight)"
      + " in contact, \(configuration.quorum) needed"
  }

  private var lost: String {
    "the state of a quorum is lost: begins anew, with what is left, when all others are in contact"
  }

  private var catchingUp: String {
    outlook.executed < outlook.target
      ? "catching up: op \(outlook.executed) of \(outlook.target)" : "catching up: looking for the view"
  }

  private var unborn: String {
    let unreached = outlook.absences.filter { !$0.isReached }
    if unreached.isEmpty { return "all servers are in contact, and about to begin" }
    return parts("waits for all servers, to begin", Self.absent(unreached, names: names), command)
  }

  /// The smallest sets of absent members that would make a quorum again. Weights are 1, of one perhaps 2: so these are
  /// so many of the light ones, or the heavy one with two fewer.
  private var end: String {
    let lacking = outlook.weightLacking
    let light = outlook.awaited.filter { $0.weight < 2 }.map { names[$0.server] }
    let heavy = outlook.awaited.filter { $0.weight == 2 }.map { names[$0.server] }
    if lacking == 1 { return some(1, of: heavy + light) + " is back" }
    var ways: [String] = []
    if let heavy = heavy.first, light.count >= lacking - 2 {
      ways.append("\(heavy) (weight 2)" + (lacking > 2 ? " and \(some(lacking - 2, of: light))" : ""))
    }
    let isHeavyAlone = light.count < lacking && lacking == 2
    if light.count >= lacking { ways.append(some(lacking, of: light)) }
    return ways.joined(separator: ", or ") + (isHeavyAlone ? " is back" : " are back")
  }

  private func some(_ count: Int, of names: [String]) -> String {
    let all = names.joined(separator: ", ")
    if names.count > count { return (count == 1 ? "one" : "\(count)") + " of \(all)" }
    return (count == 2 ? "both of " : count > 2 ? "all of " : "") + all
  }

  private var command: String {
    let gone = outlook.absences.filter { !$0.isReached }.map { names[$0.server] }
    guard !gone.isEmpty else { return "" }
    return "if \(gone.count == 1 ? "it is" : "they are") gone for good: kvclient recover"
      + (isCommandWhole ? " --without " + gone.joined(separator: ",") : "")
  }
}
