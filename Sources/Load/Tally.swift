/// Of reads or of writes, the counted ones; times of successes in nanoseconds.
package struct ActionCounts: Sendable {
  package internal(set) var successes: UInt64 = 0
  /// Answers that promise less than linearizability.
  package internal(set) var labelled: UInt64 = 0
  /// From the intended start to the reply.
  package internal(set) var responses = Latencies()
  /// From the sending to the reply; in a closed loop the same as the response times.
  package internal(set) var services = Latencies()
}

/// What is counted while the load runs.
struct Tally {
  var reads = ActionCounts()
  var writes = ActionCounts()
  var errors = ErrorCounts()
  var hosts: [HostTally]
  /// Without a success at any host.
  private(set) var readGap = HostTally.Gap()
  private(set) var writeGap = HostTally.Gap()
  /// A request is sent when it is meant to be: one time is kept for both.
  private let isClosed: Bool
  private var current = Interval()
  private var currentTimes = Latencies(isCoarse: true)
  private var intervalBegan: UInt64
  /// Counted requests drawn, whatever became of them.
  var drawn: UInt64 = 0
  /// When the last counted request succeeded, nanoseconds of the monotonic clock.
  var lastSuccess: UInt64

  init(hosts: Int, isClosed: Bool, at now: UInt64) {
    self.isClosed = isClosed
    self.hosts = Array(repeating: HostTally(), count: hosts)
    intervalBegan = now
    lastSuccess = now
  }

  @inline(__always)
  mutating func succeed(_ request: LoadRequest, host: Int, at now: UInt64) {
    let response = now &- request.intended
    current.successes += 1
    currentTimes.record(response)
    guard request.purpose == .measured else { return }
    lastSuccess = now
    switch request.action {
    case .read:
      reads.succeed(response: response, service: isClosed ? nil : now &- request.sent)
      readGap.close(at: now)
    case .write:
      writes.succeed(response: response, service: isClosed ? nil : now &- request.sent)
      writeGap.close(at: now)
    }
    hosts[host].succeed(request.action, at: now)
  }

  mutating func label(_ request: LoadRequest, host: Int, at now: UInt64) {
    current.labelled += 1
    guard request.purpose == .measured else { return }
    switch request.action {
    case .read: reads.labelled += 1
    case .write: writes.labelled += 1
    }
    hosts[host].labelled += 1
  }

  mutating func refuse(_ request: LoadRequest, status: UInt16, host: Int, at now: UInt64) {
    current.errors.count(status: status)
    guard request.purpose == .measured else { return }
    errors.count(status: status)
    hosts[host].failures += 1
  }

  mutating func lose(_ request: LoadRequest, _ loss: LoadLoss, host: Int, at now: UInt64) {
    current.errors.count(loss)
    guard request.purpose == .measured else { return }
    errors.count(loss)
    hosts[host].failures += 1
  }

  /// `host`: nil where any host could have taken it.
  mutating func leaveUnsent(isMeasured: Bool, host: Int?) {
    current.errors.count(.unsent)
    guard isMeasured else { return }
    errors.count(.unsent)
    if let host { hosts[host].failures += 1 }
  }

  mutating func beginWatch(at now: UInt64) {
    for host in hosts.indices { hosts[host].beginWatch(at: now) }
    readGap.begin(at: now)
    writeGap.begin(at: now)
  }

  mutating func endWatch(at now: UInt64) {
    for host in hosts.indices { hosts[host].endWatch(at: now) }
    readGap.close(at: now)
    writeGap.close(at: now)
  }

  /// The counts for telling.
  func told(_ counts: ActionCounts) -> ActionCounts {
    guard isClosed else { return counts }
    var counts = counts
    counts.services = counts.responses
    return counts
  }

  /// Ends the interval under way and begins the next.
  mutating func takeInterval(at now: UInt64) -> Interval {
    var interval = current
    interval.length = now - intervalBegan
    interval.median = currentTimes.percentile(50)
    interval.percentile99 = currentTimes.percentile(99)
    interval.max = currentTimes.max
    beginInterval(at: now)
    return interval
  }

  mutating func beginInterval(at now: UInt64) {
    current = Interval()
    currentTimes.removeAll()
    intervalBegan = now
  }
}

extension ActionCounts {
  @inline(__always)
  mutating func succeed(response: UInt64, service: UInt64?) {
    successes += 1
    responses.record(response)
    if let service { services.record(service) }
  }
}
