/// What was seen of one host.
package struct HostTally: Sendable {
  /// The longest time without a success, in nanoseconds.
  package struct Gap: Sendable {
    package private(set) var longest: UInt64 = 0
    /// When it began, nanoseconds of the monotonic clock.
    package private(set) var began: UInt64 = 0
    private var last: UInt64?

    mutating func begin(at now: UInt64) { last = now }

    /// A success, or the end of the watching.
    mutating func close(at now: UInt64) {
      guard let since = last, now > since else { return }
      if now - since > longest { (longest, began) = (now - since, since) }
      last = now
    }
  }

  package internal(set) var readGap = Gap()
  package internal(set) var writeGap = Gap()
  /// Counted requests: 200 without a label.
  package internal(set) var successes: UInt64 = 0
  /// Counted requests: 200 with a label, which promises less than a success.
  package internal(set) var labelled: UInt64 = 0
  /// Counted requests: all that ended otherwise.
  package internal(set) var failures: UInt64 = 0
  /// Over the whole run.
  package internal(set) var bytesSent: UInt64 = 0
  package internal(set) var bytesReceived: UInt64 = 0
  package internal(set) var connects: UInt64 = 0
  package internal(set) var connectsFailed: UInt64 = 0
  /// Connections that ended after they stood, whoever ended them.
  package internal(set) var disconnects: UInt64 = 0
  /// Why it could not be reached the last time.
  package internal(set) var lastFault = ""

  mutating func succeed(_ action: LoadRequest.Action, at now: UInt64) {
    successes += 1
    switch action {
    case .read: readGap.close(at: now)
    case .write: writeGap.close(at: now)
    }
  }

  mutating func beginWatch(at now: UInt64) {
    readGap.begin(at: now)
    writeGap.begin(at: now)
  }

  mutating func endWatch(at now: UInt64) {
    readGap.close(at: now)
    writeGap.close(at: now)
  }
}
