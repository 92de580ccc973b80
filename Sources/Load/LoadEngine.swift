import HTTP

/// Decides what is sent when and by which connection, and counts what becomes of it. Knows no loop, no socket and
/// no clock: whoever drives it says what time it is.
///
/// A run has parts: every key is written, the load runs (its warm-up does not count), what is under way ends, and
/// where the history is checked every key is read once more.
package final class LoadEngine {
  package enum Part: Equatable, Sendable {
    case filling
    case loading
    /// Nothing is sent; the last replies are awaited.
    case draining
    case finalReading
    case ended
  }

  /// What the run came to, apart from its figures.
  package enum End: Equatable, Sendable {
    case whole
    /// Stopped from outside.
    case interrupted
    /// No host could be connected to.
    case unreachable
    /// The keys could not be written before the load; no load was run.
    case unfilled
    /// Every host was away for so long that the rest of the requests was given up.
    case stranded
  }

  /// Nanoseconds after which what does not get on is given up: chores without a success, requests that no
  /// host is there for.
  static let patience: UInt64 = 30_000_000_000

  let options: LoadOptions
  private let workload: Workload
  let keys: KeyText
  let watch: LoadWatch
  let isWatched: Bool
  let hostCount: Int

  package private(set) var part: Part
  package private(set) var end = End.whole
  private(set) var lanes: [Lane]
  private(set) var tally: Tally
  private var chores: Chores?
  /// Keys that could not be read after the load.
  private(set) var unreadCount = 0
  private var room: [Int]
  private var isStanding: [Bool]
  /// It waits in its lane's ring.
  private var isListed: [Bool]
  private(set) var inFlight = 0
  private var hasReadFinally = false
  /// In a closed loop a number of requests belongs to whoever takes them: a host that is away has no share.
  private let isShared: Bool
  private var sharedLeft: UInt64 = 0
  /// When some connection stood.
  private var lastStanding: UInt64 = 0
  private let began: UInt64
  /// Nanoseconds of the monotonic clock; 0 before the load.
  private(set) var loadBegan: UInt64 = 0
  private(set) var measuredFrom: UInt64 = 0
  /// When the counted part ended.
  private(set) var measuredTo: UInt64 = 0
  /// Numbers of the writes that fill: the upper half, which the load does not reach.
  private var fillNumber = ValueText.numberEnd / 2

  /// `connections` of `options` are at least as many as `hosts`.
  init(_ options: LoadOptions, hosts: Int, ledger: Ledger?, file: HistoryFile?, at now: UInt64) {
    precondition(hosts > 0 && options.connections >= hosts)
    self.options = options
    workload = Workload(options)
    keys = KeyText(options)
    watch = LoadWatch(options, ledger: ledger, file: file)
    isWatched = ledger != nil || file != nil
    hostCount = hosts
    let laneCount = options.spread == .each ? hosts : 1
    lanes = (0..<laneCount).map { Lane(index: $0, count: laneCount) }
    tally = Tally(hosts: hosts, isClosed: options.pace == .closed, at: now)
    room = Array(repeating: options.pipeline, count: options.connections)
    isStanding = Array(repeating: false, count: options.connections)
    isListed = isStanding
    part = .filling
    if options.pace == .closed, case .requests(let count) = options.extent {
      isShared = true
      sharedLeft = count
    } else {
      isShared = false
    }
    began = now
    chores = Chores(keys: options.fills ? options.keys : 0, at: now)
  }

  func host(of connection: Int) -> Int { connection % hostCount }

  func lane(of connection: Int) -> Int { lanes.count == 1 ? 0 : connection % hostCount }

  /// What the ticker goes by; nil where requests follow from replies alone.
  var schedule: Schedule? { part == .loading ? lanes[0].plan?.schedule : nil }

  func connectionOpened(_ connection: Int) {
    isStanding[connection] = true
    tally.hosts[host(of: connection)].connects += 1
    list(connection)
  }

  /// It has no requests under way any more: each was answered or lost.
  func connectionClosed(_ connection: Int) {
    precondition(room[connection] == options.pipeline)
    isStanding[connection] = false
  }

  @inline(__always)
  private func list(_ connection: Int) {
    guard !isListed[connection] else { return }
    isListed[connection] = true
    lanes[lane(of: connection)].free.append(connection)
  }

  /// The next request that is to be sent now on a connection of this lane; nil: none, for now.
  ///
  /// What is due at one time goes to one connection until that has no more room, so that it takes one write; the
  /// next time another connection's turn has come.
  func assign(lane index: Int, at now: UInt64) -> (connection: Int, request: LoadRequest)? {
    while let connection = lanes[index].free.first {
      guard isStanding[connection] else {
        lanes[index].free.removeFirst()
        isListed[connection] = false
        continue
      }
      guard let request = next(lane: index, at: now) else {
        if room[connection] < options.pipeline { lanes[index].free.rotate() }
        return nil
      }
      room[connection] -= 1
      inFlight += 1
      if room[connection] == 0 {
        lanes[index].free.removeFirst()
        isListed[connection] = false
      }
      if isWatched { watch.begin(request) }
      return (connection, request)
    }
    return nil
  }

  private func next(lane index: Int, at now: UInt64) -> LoadRequest? {
    switch part {
    case .loading: return draw(lane: index, at: now)
    case .filling:
      guard let key = chores?.take(at: now) else { return nil }
      fillNumber += 1
      return request(.write, .filling, key, number: fillNumber, intended: now, at: now)
    case .finalReading:
      guard let key = chores?.take(at: now) else { return nil }
      return request(.read, .finalReading, key, number: 0, intended: now, at: now)
    case .draining, .ended: return nil
    }
  }

  private func draw(lane index: Int, at now: UInt64) -> LoadRequest? {
    if isShared, sharedLeft == 0 { return nil }
    while true {
      switch lanes[index].draw(at: now) {
      case .nothing: return nil
      case .unsent(_, _, let isMeasured):
        if isMeasured { tally.drawn += 1 }
        tally.leaveUnsent(isMeasured: isMeasured, host: hostOfLane(index))
      case .request(let number, let intended, let isMeasured):
        if isMeasured {
          tally.drawn += 1
          if isShared { sharedLeft -= 1 }
        }
        let (action, key) = workload.draw(number)
        return request(
          action, isMeasured ? .measured : .warmup, key, number: number, intended: intended, at: now)
      }
    }
  }

  private func hostOfLane(_ index: Int) -> Int? { options.spread == .each ? index : nil }

  private func request(
    _ action: LoadRequest.Action, _ purpose: LoadRequest.Purpose, _ key: UInt32, number: UInt64,
    intended: UInt64, at now: UInt64
  ) -> LoadRequest {
    LoadRequest(
      action: action, purpose: purpose, key: key, keyDigits: KeyText.digits(of: key), number: number,
      intended: intended, sent: now)
  }

  /// False: the reply is about something else, and its connection is of no use any more.
  func answered(_ connection: Int, _ request: LoadRequest, _ response: Response, at now: UInt64) -> Bool {
    if response.status == 200, !keys.isOf(response.body, digits: request.keyDigits) {
      lost(connection, request, .malformed, at: now)
      return false
    }
    release(connection)
    let host = host(of: connection)
    if response.status == 200, response.assurance == .linearizable {
      tally.succeed(request, host: host, at: now)
      if isWatched { watch.succeed(request, client: connection, response, at: now) }
      if chores != nil { finishChore(request, isDone: true, at: now) }
      return true
    }
    settleOtherwise(connection, request, response, at: now)
    if chores != nil { finishChore(request, isDone: false, at: now) }
    return true
  }

  private func settleOtherwise(
    _ connection: Int, _ request: LoadRequest, _ response: Response, at now: UInt64
  ) {
    let host = host(of: connection)
    if response.status == 200 {
      tally.label(request, host: host, at: now)
      if request.action == .write {
        watch.leaveOpen(request, client: connection, at: now)
      } else {
        watch.leaveOut(request)
      }
      return
    }
    tally.refuse(request, status: response.status, host: host, at: now)
    if Self.mayHaveExecuted(response.status) {
      watch.leaveOpen(request, client: connection, at: now)
    } else {
      watch.refuse(request, client: connection, at: now)
    }
  }

  /// The interface's table: 500 and 504 leave the outcome open; so does what is not in it.
  private static func mayHaveExecuted(_ status: UInt16) -> Bool {
    switch status {
    case 400...499, 501, 503, 505, 507: false
    default: true
    }
  }

  /// It got no reply that can be used: nothing is known of it.
  func lost(_ connection: Int, _ request: LoadRequest, _ loss: LoadLoss, at now: UInt64) {
    release(connection)
    tally.lose(request, loss, host: host(of: connection), at: now)
    watch.leaveOpen(request, client: connection, at: now)
    if chores != nil { finishChore(request, isDone: false, at: now) }
  }

  @inline(__always)
  private func release(_ connection: Int) {
    room[connection] += 1
    inFlight -= 1
    list(connection)
  }

  private func finishChore(_ request: LoadRequest, isDone: Bool, at now: UInt64) {
    switch request.purpose {
    case .warmup, .measured: break
    case .filling, .finalReading:
      if isDone { chores?.finish(at: now) } else { chores?.fail(request.key, at: now) }
    }
  }

  var hasLoaded: Bool { loadBegan > 0 }

  func noteBytes(_ connection: Int, sent: Int = 0, received: Int = 0) {
    tally.hosts[host(of: connection)].bytesSent += UInt64(sent)
    tally.hosts[host(of: connection)].bytesReceived += UInt64(received)
  }

  func noteConnectFailure(_ connection: Int, _ fault: String) {
    tally.hosts[host(of: connection)].connectsFailed += 1
    tally.hosts[host(of: connection)].lastFault = fault
  }

  func noteDisconnect(_ connection: Int) { tally.hosts[host(of: connection)].disconnects += 1 }

  func takeInterval(at now: UInt64) -> Interval {
    var interval = tally.takeInterval(at: now)
    interval.end = Double(now - min(loadBegan, now)) / Double(Schedule.second)
    // By its middle: it may end a moment later than it was to.
    interval.isWarmup = now < measuredFrom + interval.length / 2
    interval.inFlight = inFlight
    interval.backlog = backlog(at: now)
    return interval
  }

  private func backlog(at now: UInt64) -> UInt64 {
    part == .loading ? lanes.reduce(0) { $0 + $1.backlog(at: now) } : 0
  }
}

// Parts
extension LoadEngine {
  /// Goes on to the next part when this one is over. To be called now and then. True: it went on.
  @discardableResult
  func advance(at now: UInt64) -> Bool {
    let before = part
    switch part {
    case .filling: advanceFilling(at: now)
    case .loading: advanceLoading(at: now)
    case .draining: if inFlight == 0 { finishLoad(at: now) }
    case .finalReading: advanceFinalReading(at: now)
    case .ended: break
    }
    return part != before
  }

  private func advanceFilling(at now: UInt64) {
    guard let chores else { return }
    if isStanding.contains(true) {
      if chores.isDone { return beginLoad(at: now) }
    } else if now > began + options.timeoutNanoseconds, tally.hosts.allSatisfy({ $0.connects == 0 }) {
      return abandon(.unreachable)
    }
    if now > chores.lastProgress + Self.patience { abandon(.unfilled) }
  }

  private func abandon(_ end: End) {
    self.end = end
    chores = nil
    part = .draining
  }

  private func advanceLoading(at now: UInt64) {
    if isStanding.contains(true) { lastStanding = now }
    if lanes.allSatisfy({ $0.isExhausted(at: now) }) || isShared && sharedLeft == 0 {
      part = .draining
    } else if isShared, now > lastStanding + Self.patience {
      abandon(.stranded)
    }
  }

  private func beginLoad(at now: UInt64) {
    chores = nil
    part = .loading
    lastStanding = now
    loadBegan = now
    measuredFrom = now + options.warmupNanoseconds
    tally.beginInterval(at: now)
    tally.beginWatch(at: measuredFrom)
    for index in lanes.indices { lanes[index].begin(plan(lane: UInt64(index), at: now)) }
  }

  private func plan(lane index: UInt64, at now: UInt64) -> Lane.Plan {
    var plan = Lane.Plan(
      schedule: nil, measuredFrom: measuredFrom, end: .max, measuredMax: .max,
      patience: options.timeoutNanoseconds)
    if case .open(let rate) = options.pace { plan.schedule = Schedule(start: now, rate: rate) }
    switch options.extent {
    case .nanoseconds(let length): plan.end = measuredFrom + length
    case .requests where isShared: break
    case .requests(let count):
      let lanes = UInt64(lanes.count)
      plan.measuredMax = count / lanes + (index < count % lanes ? 1 : 0)
    }
    return plan
  }

  /// Ends the load before its time.
  func interrupt(at now: UInt64) {
    switch part {
    case .filling, .finalReading:
      unreadCount = part == .finalReading ? chores?.left ?? 0 : 0
      hasReadFinally = true
      abandon(.interrupted)
    case .loading:
      end = .interrupted
      for index in lanes.indices {
        lanes[index].end(at: now)
        countUnsent(lane: index, at: now)
      }
      part = .draining
    case .draining, .ended: break
    }
  }

  /// What was due when the load ended and had not been sent.
  private func countUnsent(lane index: Int, at now: UInt64) {
    while true {
      switch lanes[index].draw(at: now) {
      case .nothing: return
      case .unsent(_, _, let isMeasured), .request(_, _, let isMeasured):
        if isMeasured { tally.drawn += 1 }
        tally.leaveUnsent(isMeasured: isMeasured, host: hostOfLane(index))
      }
    }
  }

  private func finishLoad(at now: UInt64) {
    if hasLoaded, measuredTo == 0 {
      measuredTo = max(tally.lastSuccess, measuredFrom)
      if case .nanoseconds(let length) = options.extent, end == .whole {
        measuredTo = max(measuredTo, measuredFrom + length)
      }
      tally.endWatch(at: measuredTo)
    }
    guard options.checks, hasLoaded, !hasReadFinally else { return part = .ended }
    hasReadFinally = true
    chores = Chores(keys: options.keys, at: now)
    part = .finalReading
  }

  private func advanceFinalReading(at now: UInt64) {
    guard let chores else { return }
    guard chores.isDone || now > chores.lastProgress + Self.patience else { return }
    unreadCount = chores.left
    self.chores = nil
    part = .ended
  }
}
