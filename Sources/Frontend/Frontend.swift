import Bytes
import HTTP
import KVStore
import UV

/// The clients' side of a server: takes connections, asks the backend for all requests of a turn together, and
/// answers each connection in the order in which it asked.
package final class Frontend {
  let loop: Loop
  let options: FrontendOptions
  let backend: any Backend
  /// Takes the connections of peers; without one they are told to come later.
  package var upgradeHandler: (any UpgradeHandler)?

  var requests = RequestTable()
  var deadlines = DeadlineLists()
  var metrics = Metrics()
  var writer = ReplyWriter()
  let familiar = FamiliarHeads()
  var writtenSecond: UInt64 = 0
  /// Connections that something happened to in this turn.
  var dirty: [Connection] = []
  var connections: [Connection?] = []
  var freeSlots: [Int] = []
  var connectionCount = 0
  /// Connections with a dump under way.
  var dumping: [Connection] = []
  /// Stores of dumps that have ended.
  var retired = RetiredStores()

  private var turn = Turn()
  private var gathering = Gathering()
  private var spareTurn = Turn()
  private var spareDirty: [Connection] = []
  private var spareBuffers: [[UInt8]] = []
  /// When the first bytes of this turn came, nanoseconds; 0: none came yet.
  private(set) var turnStarted: UInt64 = 0
  /// Requests of this turn that were answered within it.
  var turnAnswered: UInt64 = 0
  var listeners: [Listener] = []
  private var clock: FrontendClock?
  /// Whatever came before this time has been read, the loop's milliseconds.
  var heardUntil: UInt64 = 0
  var isStopping = false
  /// Stopping, and connections may still ask.
  private(set) var isParting = false
  private var onStopped: (() -> Void)?
  let startedAt = Clock.wallMilliseconds

  package init(_ loop: Loop, options: FrontendOptions = FrontendOptions(), backend: any Backend) {
    self.loop = loop
    self.options = options
    self.backend = backend
    updateDate()
    clock = FrontendClock(self)
  }

  /// Listens at `address` as well, and returns what was bound.
  @discardableResult
  package func listen(at address: SocketAddress) throws(UVError) -> SocketAddress {
    let listener = try Listener(loop, at: address, handler: self)
    listeners.append(listener)
    return listener.address
  }

  /// Takes no more connections, and soon no more requests, answers what is in flight, then closes everything and
  /// calls back. In flight are also requests that nobody here has seen yet: closed at once, an idle connection would
  /// take with it what is on its way, and the client would not know what became of that.
  package func stop(_ onStopped: @escaping () -> Void) {
    precondition(!isStopping)
    isStopping = true
    self.onStopped = onStopped
    for listener in listeners { listener.close() }
    listeners = []
    isParting = true
    clock?.startStopping()
    endIfStopped()
  }

  /// To be called when all that came has been read.
  func endParting() {
    isParting = false
    for case let connection? in connections where connection.isQuiet { close(connection) }
  }

  /// Closes what `stop` still waits for.
  func stopNow() {
    isParting = false
    for case let connection? in connections { close(connection) }
    endIfStopped()
  }

  func endIfStopped() {
    guard isStopping, connectionCount == 0, let onStopped else { return }
    self.onStopped = nil
    clock?.close()
    clock = nil
    onStopped()
  }

  /// The next turn does not wait for events.
  func continueSoon() { clock?.continueSoon() }

  /// The loop's milliseconds.
  var now: UInt64 { loop.now }
}

// The turn
extension Frontend {
  func beginTurn() {
    if turnStarted == 0 { turnStarted = Clock.nanoseconds }
  }

  /// To be called after the events of a turn and before the loop waits: asks the backend, sends the replies.
  func endTurn() {
    // An answer alone may let a connection go on with what it has sent already.
    if !dirty.isEmpty { beginTurn() }
    if isGathering() {
      // Replies to others do not wait.
      for connection in dirty { connection.flush() }
      return
    }
    while !turn.isEmpty || !dirty.isEmpty {
      submitTurn()
      swap(&dirty, &spareDirty)
      for connection in spareDirty {
        connection.isDirty = false
        connection.settle()
      }
      spareDirty.removeAll(keepingCapacity: true)
    }
    if turnAnswered > 0 {
      metrics.latency.observe(Clock.nanoseconds - turnStarted, count: turnAnswered)
      turnAnswered = 0
    }
    turnStarted = 0
  }

  /// Whether the turn goes on with another look at the sockets.
  private func isGathering() -> Bool {
    guard gathering.isUnderWay || !turn.isEmpty else { return false }
    // It may have ceased to prefer many since the last look: then nothing is gathered any more.
    let isMore = gathering.continues(with: backend.prefersMany ? turn.count : 0)
    clock?.isLookingAgain = isMore
    return isMore
  }

  /// Something waits for the backend.
  var hasTurn: Bool { !turn.isEmpty }

  private func submitTurn() {
    guard !turn.isEmpty else { return }
    swap(&turn, &spareTurn)
    backend.submit(spareTurn, from: self)
    spareTurn.removeAll()
  }

  func submitRead(_ index: Int32, key: UnsafeRawBufferPointer) {
    requests[index].state = .submitted
    turn.addRead(requests.ticket(of: index), key: key, demand: requests[index].demand)
  }

  func submitDump(_ index: Int32) {
    requests[index].state = .submitted
    turn.addDump(requests.ticket(of: index), demand: requests[index].demand)
  }

  /// `fill` appends the write's encoding.
  func submitWrite(_ index: Int32, fill: (inout [UInt8]) -> Void) {
    requests[index].state = .submitted
    let entry = (demand: requests[index].demand, isConditional: requests[index].isConditional)
    turn.addWrite(
      requests.ticket(of: index), demand: entry.demand, isConditional: entry.isConditional, fill: fill)
  }

  /// Submits what was kept in the request's own buffer.
  func submitHeld(_ index: Int32) {
    let keyCount = requests[index].keyCount
    let buffer = requests[index].buffer
    buffer.withUnsafeBytes { buffer in
      switch requests[index].kind {
      case .read: submitRead(index, key: UnsafeRawBufferPointer(rebasing: buffer[..<keyCount]))
      case .write, .remove: submitWrite(index) { $0.append(contentsOf: buffer[keyCount...]) }
      case .dump: submitDump(index)
      case .own: preconditionFailure("answered here")
      }
    }
  }

  func demand(of request: Request) -> ConsistencyDemand {
    options.isStrict && request.demand == .unspecified ? .linearizable : request.demand
  }

  /// A buffer with room, for a connection without one.
  func takeSpare() -> [UInt8] { spareBuffers.popLast() ?? [] }

  /// Takes a buffer back, empty.
  func keepSpare(_ buffer: inout [UInt8]) {
    if spareBuffers.count < FrontendOptions.spareBuffersMax,
      buffer.capacity <= FrontendOptions.spareBufferBytes
    {
      buffer.removeAll(keepingCapacity: true)
      spareBuffers.append(buffer)
    }
    buffer = []
  }
}
