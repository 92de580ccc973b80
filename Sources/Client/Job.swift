/// One errand that is running, with what it asks for.
final class Job {
  var errand: Errand
  let call: Call
  /// The session's hosts in the order in which this errand asks them.
  let order: [Int]
  /// Outcome, and the session's number of the host that decided it, if one did.
  let completion: (CallOutcome, Int?) -> Void
  /// By the errand's host: the number of the try that is under way, 0 for none. Tells late events apart.
  var tries: [UInt32]
  private var lastTry: UInt32 = 0
  /// Where the session keeps it.
  var slot = 0

  init(_ call: Call, errand: Errand, order: [Int], completion: @escaping (CallOutcome, Int?) -> Void) {
    self.call = call
    self.errand = errand
    self.order = order
    self.completion = completion
    tries = Array(repeating: 0, count: order.count)
  }

  func begin(host: Int) -> Try {
    lastTry += 1
    tries[host] = lastTry
    return Try(job: self, host: host, number: lastTry)
  }
}

/// One request of a job at one host.
struct Try {
  let job: Job
  /// The errand's number of the host.
  let host: Int
  let number: UInt32

  /// False once it ended or was abandoned.
  var isWanted: Bool { !job.errand.isFinished && job.tries[host] == number }

  func end() { job.tries[host] = 0 }
}
