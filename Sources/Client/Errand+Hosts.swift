extension Errand {
  /// What the errand knows of its hosts, by index.
  struct Hosts: Sendable {
    /// Whether a try that has ended can have been executed.
    enum Fate { case notExecuted, unknown }

    private enum State: Equatable {
      case untried
      /// Being asked; `heard` is the last sign of life, at first the moment it was asked.
      case open(isSent: Bool, heard: UInt64)
      /// May be asked again from then on.
      case resting(until: UInt64)
      /// Not to be asked again.
      case spent
    }

    private var states: [State]
    private var failures: [UInt8]
    /// True once a try ended without an answer that tells its fate. No later try at another host takes it
    /// back except one with an answer for the key, and that one ends the errand.
    private(set) var hasUnknownFate = false
    /// True once a request was sent: some server was there.
    private(set) var wasAnyReached = false
    /// A host that was asked has failed, and none was asked in its place yet.
    private(set) var mustReplace = false

    init(count: Int) {
      states = Array(repeating: .untried, count: count)
      failures = Array(repeating: 0, count: count)
    }

    mutating func open(_ host: Int, now: UInt64) {
      precondition(!isOpen(host))
      states[host] = .open(isSent: false, heard: now)
      mustReplace = false
    }

    mutating func didSend(_ host: Int) {
      guard case .open(_, let heard) = states[host] else { preconditionFailure("sent unasked") }
      states[host] = .open(isSent: true, heard: heard)
      wasAnyReached = true
    }

    mutating func didHear(_ host: Int, now: UInt64) {
      precondition(isOpen(host))
      states[host] = .open(isSent: true, heard: now)
    }

    mutating func rest(_ host: Int, until: UInt64, fate: Fate) {
      end(host, fate)
      states[host] = .resting(until: until)
      failures[host] = min(failures[host] + 1, 16)
    }

    mutating func spend(_ host: Int, fate: Fate) {
      end(host, fate)
      states[host] = .spent
    }

    private mutating func end(_ host: Int, _ fate: Fate) {
      precondition(isOpen(host))
      mustReplace = true
      if fate == .unknown { hasUnknownFate = true }
    }

    /// Milliseconds that the host rests after its next failure.
    func pause(_ host: Int) -> UInt64 {
      min(Errand.pauseMillisecondsMin << UInt64(failures[host]), Errand.pauseMillisecondsMax)
    }

    /// Every host may be asked at once again.
    mutating func startAnew() {
      precondition(!isAnyOpen)
      for host in states.indices { states[host] = .untried }
    }
  }
}

extension Errand.Hosts {
  private func isOpen(_ host: Int) -> Bool {
    if case .open = states[host] { true } else { false }
  }

  private func isSent(_ host: Int) -> Bool {
    if case .open(isSent: true, _) = states[host] { true } else { false }
  }

  var isAnyOpen: Bool { states.indices.contains(where: isOpen) }

  var isAnySent: Bool { states.indices.contains(where: isSent) }

  var openAll: [Int] { states.indices.filter(isOpen) }

  var openUnsent: [Int] { states.indices.filter { isOpen($0) && !isSent($0) } }

  var nextUntried: Int? { states.firstIndex(of: .untried) }

  /// An untried host, else the one that has rested longest, if any may be asked now.
  func next(at now: UInt64) -> Int? {
    if let host = nextUntried { return host }
    guard let end = earliestRestEnd, end <= now else { return nil }
    return states.firstIndex(of: .resting(until: end))
  }

  var earliestRestEnd: UInt64? {
    var earliest: UInt64?
    for case .resting(let until) in states { earliest = min(until, earliest ?? until) }
    return earliest
  }

  /// From when on a further host can be asked; nil where all are being asked or spent.
  var earliestReady: UInt64? {
    nextUntried == nil ? earliestRestEnd : 0
  }

  /// The last sign of life of those that are being asked.
  var lastHeard: UInt64? {
    var last: UInt64?
    for case .open(_, let heard) in states { last = max(heard, last ?? heard) }
    return last
  }
}
