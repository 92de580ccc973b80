import Servers
import UV

/// Runs errands over connections: the loop's side of `Errand`, which decides. One thread, one loop.
///
/// Whatever the loop calls runs as a `turn`: what happened is first noted down, then given to the errands one
/// after the other, and at the end the requests of the turn are sent, in one write a connection.
package final class ClientSession {
  let loop: Loop
  private var hosts: [HostConnection] = []
  private var jobs: [Job] = []
  private var timer: Timer?
  private var timerDue = UInt64.max
  private var pending: [(event: Errand.Event, attempt: Try)] = []
  private var actions: [Errand.Action] = []
  private var isInTurn = false
  private var keyClock = KeyClock()
  private var random = SystemRandomNumberGenerator()
  /// Where the next errand of many begins.
  private var rotation: Int

  /// What befalls the hosts, a line each; nil for silence.
  package var onNote: ((String) -> Void)?

  /// At least one host, no two the same place.
  package init(_ loop: Loop, hosts addresses: [ServerAddress]) {
    precondition(!addresses.isEmpty)
    self.loop = loop
    rotation = Int.random(in: 0..<addresses.count, using: &random)
    hosts = addresses.map { HostConnection($0, session: self) }
    timer = Timer(loop) { [unowned self] in onTimer() }
  }

  package var hostCount: Int { hosts.count }
  package func address(_ host: Int) -> ServerAddress { hosts[host].address }
  /// Why the host could not be used the last time.
  package func fault(_ host: Int) -> String { hosts[host].lastFault }
  /// Errands that have not ended.
  package var running: Int { jobs.count }

  /// Starts an errand. The completion comes once, later, with the outcome within `timeout` milliseconds and
  /// the host that decided it. `only`: no other host is asked.
  package func submit(
    _ call: Call, timeout: UInt64, only host: Int? = nil, completion: @escaping (CallOutcome, Int?) -> Void
  ) {
    let order = host.map { [$0] } ?? nextOrder()
    let key = IdempotencyKey(milliseconds: keyClock.now, random: random.next())
    let errand = Errand(
      call.kind, demand: call.demand, hostCount: order.count, deadline: loop.now + timeout, key: key)
    let job = Job(call, errand: errand, order: order, completion: completion)
    job.slot = jobs.count
    jobs.append(job)
    turn { step(job, .started) }
  }

  /// Closes all connections. Errands that have not ended are forgotten.
  package func close() {
    jobs.removeAll()
    for host in hosts { host.close() }
    timer?.close()
    timer = nil
  }

  /// Begins where the last did not, so that the load spreads; doubtful hosts come last.
  private func nextOrder() -> [Int] {
    rotation = (rotation + 1) % hosts.count
    let order = (0..<hosts.count).map { ($0 + rotation) % hosts.count }
    guard hosts.contains(where: \.isDoubtful) else { return order }
    return order.filter { !hosts[$0].isDoubtful } + order.filter { hosts[$0].isDoubtful }
  }

  func note(_ address: ServerAddress, _ text: @autoclosure () -> String) {
    if let onNote { onNote("\(address.text): \(text())") }
  }
}

// Turns
extension ClientSession {
  func turn(_ body: () -> Void) {
    if isInTurn { return body() }
    isInTurn = true
    body()
    repeat {
      var index = 0
      while index < pending.count {
        let (event, attempt) = pending[index]
        index += 1
        deliver(event, attempt)
      }
      pending.removeAll(keepingCapacity: true)
      for host in hosts where host.hasUnsent { host.flush() }
    } while !pending.isEmpty
    isInTurn = false
  }

  /// Notes down what befell a try; the turn gives it to the errand.
  func post(_ event: Errand.Event, _ attempt: Try) {
    pending.append((event, attempt))
  }

  private func deliver(_ event: Errand.Event, _ attempt: Try) {
    guard attempt.isWanted else { return }
    switch event {
    case .answered, .unreachable, .lost: attempt.end()
    case .sent, .heard, .started, .timePassed: break
    }
    step(attempt.job, event)
  }

  private func step(_ job: Job, _ event: Errand.Event) {
    var actions = self.actions
    self.actions = []
    job.errand.step(event, now: loop.now, actions: &actions)
    for action in actions { perform(action, for: job) }
    actions.removeAll(keepingCapacity: true)
    self.actions = actions
    if let wake = job.errand.wakeTime, wake < timerDue { arm(wake) }
  }

  private func perform(_ action: Errand.Action, for job: Job) {
    switch action {
    case .ask(let host):
      let connection = hosts[job.order[host]]
      note(connection.address, "asked")
      connection.ask(job.begin(host: host))
    case .abandon(let host):
      job.tries[host] = 0
    case .finish(let outcome):
      keyClock.learn(job.errand.key)
      let last = jobs.removeLast()
      if last !== job {
        jobs[job.slot] = last
        last.slot = job.slot
      }
      job.completion(outcome, job.errand.decidingHost.map { job.order[$0] })
    }
  }
}

// Time
extension ClientSession {
  private func arm(_ wake: UInt64) {
    timerDue = wake
    timer?.start(after: wake > loop.now ? wake - loop.now : 0)
  }

  /// One timer for all: it is set to the earliest errand, and looks at every one when it fires.
  private func onTimer() {
    timerDue = .max
    turn {
      let now = loop.now
      for job in jobs where !job.errand.isFinished && job.errand.wakeTime.map({ $0 <= now }) == true {
        step(job, .timePassed)
      }
    }
    if let next = jobs.lazy.compactMap(\.errand.wakeTime).min(), next < timerDue { arm(next) }
  }
}

/// The time in idempotency keys: the wall clock, or what the servers' floor demands where that is ahead.
private struct KeyClock {
  private var offset: UInt64 = 0

  var now: UInt64 { Clock.wallMilliseconds + offset }

  /// A key that was raised over the floor shows how far this clock is behind.
  mutating func learn(_ key: IdempotencyKey) {
    let now = now
    if key.milliseconds > now { offset += key.milliseconds - now }
  }
}
