/// One request from its start to its outcome, over several hosts: which host to ask when, what an answer
/// means, when to stop. Decides only: events come in with the time, actions go out, and the connections are
/// someone else's (`ClientSession`). Times are milliseconds of one monotonic clock.
///
/// The rule that it lives by: a write whose request may have reached a server is *unknown* until an answer
/// for its idempotency key says otherwise. Such a write is asked about again, with the same key, until then.
package struct Errand: Sendable {
  package enum Kind: Sendable {
    /// Changes nothing: may be sent anywhere, any number of times.
    case read
    /// Carries an idempotency key: may be sent again, and is executed once.
    case write
    /// Carries none: never sent again once it may have been executed, and to one host at a time.
    case command
  }

  /// Which answers satisfy.
  package enum Demand: Sendable {
    /// A linearizable one, or none.
    case linearizable
    /// A linearizable one if one can be had within `degradedWaitMilliseconds`, else a degraded one.
    case best
    /// The first one.
    case any
  }

  /// Silence after which another host is asked as well.
  package static let hedgeMilliseconds: UInt64 = 100
  /// How long a degraded answer is held back in the hope for a linearizable one.
  package static let degradedWaitMilliseconds: UInt64 = 500
  /// Rest of a host after its first failure; doubles with each further one up to `pauseMillisecondsMax`.
  package static let pauseMillisecondsMin: UInt64 = 50
  package static let pauseMillisecondsMax: UInt64 = 1000
  /// A new idempotency key lies so far above the floor, so that it is not the next one to be forgotten.
  package static let floorMarginMilliseconds: UInt64 = 1000
  /// New keys that a write takes before it gives up against a floor that keeps overtaking it.
  package static let rekeysMax = 3

  package enum Event: Equatable, Sendable {
    case started
    /// The whole request was handed to the connection: from here on the host may execute it.
    case sent(host: Int)
    /// A part of the answer came.
    case heard(host: Int)
    case answered(host: Int, Answer)
    /// The connection never stood or the request never left: the host cannot have executed it.
    case unreachable(host: Int)
    /// The connection broke, or what came is no answer, after the request may have left.
    case lost(host: Int)
    case timePassed
  }

  package enum Action: Equatable, Sendable {
    /// Connect to the host if need be, and send the request with the present `key`.
    case ask(host: Int)
    /// The host's answer is no longer of interest.
    case abandon(host: Int)
    /// The last action, always, and once.
    case finish(CallOutcome)
  }

  package let kind: Kind
  let demand: Demand
  let deadline: UInt64
  /// The key that a write carries now. Changes only when nothing was executed under the one before.
  package private(set) var key: IdempotencyKey
  var hosts: Hosts
  /// An answer and whose it is.
  private typealias Given = (answer: Answer, host: Int)
  /// A degraded answer, the freshest so far, and until when a better one is awaited.
  private var held: (given: Given, until: UInt64)?
  /// An answer that ends the errand as soon as it is known what became of the other tries.
  private var refusal: Given?
  private var lastAnswer: Given?
  private var rekeys = 0
  package private(set) var isFinished = false
  /// Once finished: whose answer the outcome is, where it is one.
  package private(set) var decidingHost: Int?

  /// `hostCount` hosts, asked in the order of their indices; the caller shuffles. `deadline` is absolute.
  package init(
    _ kind: Kind, demand: Demand = .best, hostCount: Int, deadline: UInt64,
    key: IdempotencyKey = IdempotencyKey(milliseconds: 0, random: 0)
  ) {
    precondition(hostCount > 0)
    self.kind = kind
    self.demand = kind == .command ? .any : demand
    self.deadline = deadline
    self.key = key
    hosts = Hosts(count: hostCount)
  }

  /// Takes one event. Events about a host that was not asked, or was abandoned, must not come.
  package mutating func step(_ event: Event, now: UInt64, actions: inout [Action]) {
    guard !isFinished else { return }
    switch event {
    case .started, .timePassed: break
    case .sent(let host): hosts.didSend(host)
    case .heard(let host): hosts.didHear(host, now: now)
    case .answered(let host, let answer): onAnswer(answer, from: host, now: now, actions: &actions)
    case .unreachable(let host): hosts.rest(host, until: now + hosts.pause(host), fate: .notExecuted)
    case .lost(let host): hosts.rest(host, until: now + hosts.pause(host), fate: fateUnknown)
    }
    if !isFinished { advance(now: now, actions: &actions) }
  }

  /// A read leaves no fate behind.
  private var fateUnknown: Hosts.Fate { kind == .read ? .notExecuted : .unknown }
}

// What an answer means
extension Errand {
  private mutating func onAnswer(_ answer: Answer, from host: Int, now: UInt64, actions: inout [Action]) {
    if answer.status != 200 { lastAnswer = (answer, host) }
    switch answer.status {
    case 200: onSuccess(answer, from: host, now: now, actions: &actions)
    case 412:
      // The outcome of the write's key, for every other try as well.
      hosts.spend(host, fate: .notExecuted)
      finish(.conditionFailed(answer), of: host, &actions)
    case 429, 503:
      let rest = max(UInt64(answer.retryAfterSeconds ?? 0) * 1000, hosts.pause(host))
      hosts.rest(host, until: now + rest, fate: .notExecuted)
    case 504: hosts.rest(host, until: now + hosts.pause(host), fate: fateUnknown)
    case 500: hosts.spend(host, fate: fateUnknown)
    default:
      // Not ours to repeat: the request is wrong, the store is full, the key is behind the floor.
      hosts.spend(host, fate: Self.isCertainRefusal(answer.status) ? .notExecuted : fateUnknown)
      refusal = (answer, host)
    }
  }

  /// The statuses that the interface's table calls "not executed" and that are not worth another try.
  private static func isCertainRefusal(_ status: Int) -> Bool {
    (400..<500).contains(status) || status == 501 || status == 505 || status == 507
  }

  private mutating func onSuccess(_ answer: Answer, from host: Int, now: UInt64, actions: inout [Action]) {
    switch (answer.assurance, demand) {
    case (.linearizable, _), (_, .any):
      hosts.spend(host, fate: .notExecuted)
      finish(.done(answer), of: host, &actions)
    case (_, .linearizable): hosts.rest(host, until: now + hosts.pause(host), fate: fateUnknown)
    case (_, .best):
      // A degraded write is kept by its server: no refusal that comes later can make it undone.
      hosts.spend(host, fate: fateUnknown)
      guard let held else { return held = ((answer, host), now + Self.degradedWaitMilliseconds) }
      if answer.ageSeconds < held.given.answer.ageSeconds { self.held?.given = (answer, host) }
    }
  }
}

// What to do next
extension Errand {
  private mutating func advance(now: UInt64, actions: inout [Action]) {
    if now >= deadline { return finishAsItIs(&actions) }
    if let held { return awaitBetter(until: held.until, now: now, actions: &actions) }
    if let refusal { return settle(refusal, now: now, actions: &actions) }
    if kind == .command, hosts.hasUnknownFate { return finishAsItIs(&actions) }
    if hosts.mustReplace || !hosts.isAnyOpen, let host = hosts.nextUntried { ask(host, now, &actions) }
    if !hosts.isAnyOpen { return askAgain(now: now, actions: &actions) }
    if let time = hedgeTime, time <= now, let host = hosts.next(at: now) { ask(host, now, &actions) }
  }

  /// Every host has had its turn, and none is being asked.
  private mutating func askAgain(now: UInt64, actions: inout [Action]) {
    guard let time = hosts.earliestRestEnd, time < deadline, hosts.wasAnyReached else {
      return finishAsItIs(&actions)
    }
    if time <= now, let host = hosts.next(at: now) { ask(host, now, &actions) }
  }

  /// A degraded answer is in hand: all other hosts are asked at once.
  private mutating func awaitBetter(until: UInt64, now: UInt64, actions: inout [Action]) {
    guard now < until else { return finishAsItIs(&actions) }
    while let host = hosts.nextUntried { ask(host, now, &actions) }
    if !hosts.isAnyOpen { finishAsItIs(&actions) }
  }

  /// A refusal is in hand, and is the outcome once no other try can have been executed.
  private mutating func settle(_ refusal: Given, now: UInt64, actions: inout [Action]) {
    let (answer, host) = refusal
    if kind == .read { return finish(.refused(answer), of: host, &actions) }
    for other in hosts.openUnsent {
      hosts.spend(other, fate: .notExecuted)
      actions.append(.abandon(host: other))
    }
    if hosts.isAnyOpen { return }
    if hosts.hasUnknownFate {
      let fault = Self.isCertainRefusal(answer.status) ? lastFault : refusal
      return finish(.unknown(fault?.answer), of: fault?.host, &actions)
    }
    guard answer.status == 409, let floor = answer.floor, rekeys < Self.rekeysMax else {
      return finish(.refused(answer), of: host, &actions)
    }
    // Nothing was executed under the old key, and nothing of it is under way: a new one is a first try.
    rekeys += 1
    key.milliseconds = max(key.milliseconds, floor &+ Self.floorMarginMilliseconds)
    self.refusal = nil
    hosts.startAnew()
    advance(now: now, actions: &actions)
  }

  private mutating func ask(_ host: Int, _ now: UInt64, _ actions: inout [Action]) {
    hosts.open(host, now: now)
    actions.append(.ask(host: host))
  }

  private mutating func finish(_ outcome: CallOutcome, of host: Int?, _ actions: inout [Action]) {
    for host in hosts.openAll { actions.append(.abandon(host: host)) }
    isFinished = true
    decidingHost = host
    actions.append(.finish(outcome))
  }

  /// With what is known when nothing more will be learned.
  private mutating func finishAsItIs(_ actions: inout [Action]) {
    if let (answer, host) = held?.given { return finish(.done(answer), of: host, &actions) }
    let isOpen = kind != .read && (hosts.hasUnknownFate || hosts.isAnySent)
    if isOpen || lastFault != nil {
      return finish(.unknown(lastFault?.answer), of: lastFault?.host, &actions)
    }
    if let (answer, host) = refusal ?? lastAnswer { return finish(.refused(answer), of: host, &actions) }
    finish(hosts.wasAnyReached ? .unanswered : .unreachable, of: nil, &actions)
  }

  private var lastFault: Given? {
    guard let lastAnswer, lastAnswer.answer.status == 500 || lastAnswer.answer.status == 504 else {
      return nil
    }
    return lastAnswer
  }
}

// When to be woken
extension Errand {
  /// When `timePassed` is due next; nil once finished. Later is harmless, earlier too.
  package var wakeTime: UInt64? {
    if isFinished { return nil }
    if let held { return min(deadline, held.until) }
    if refusal != nil { return deadline }
    guard hosts.isAnyOpen else { return min(deadline, hosts.earliestRestEnd ?? deadline) }
    guard let hedge = hedgeTime, let ready = hosts.earliestReady else { return deadline }
    return min(deadline, max(hedge, ready))
  }

  /// When all hosts that are being asked will have been silent for too long. A command is never hedged.
  private var hedgeTime: UInt64? {
    guard kind != .command, let heard = hosts.lastHeard else { return nil }
    return heard + Self.hedgeMilliseconds
  }
}
