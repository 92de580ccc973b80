import HTTP

/// What a request asks of the backend, or that it asks nothing.
enum RequestKind: UInt8, CaseIterable {
  case read
  case write
  case remove
  case dump
  /// Answered here: options, admin paths, refusals.
  case own

  /// Two requests of a connection may wait together only if both only read or both only write.
  var changesState: Bool {
    switch self {
    case .write, .remove: true
    case .read, .dump, .own: false
    }
  }
}

/// The requests that wait, of all connections: for an outcome, or for earlier replies of their connection.
///
/// Places are reused with their buffers, so a request costs no allocation. A ticket names a place and its
/// generation: the ticket of a request that is over names nothing.
struct RequestTable: ~Copyable {
  enum State: UInt8 {
    case free
    /// Not yet with the backend: an earlier request of the connection comes first.
    case held
    case submitted
    /// `buffer` holds the reply.
    case answered
  }

  struct Entry {
    fileprivate(set) var generation: UInt32 = 0
    var state = State.free
    var kind = RequestKind.own
    var form = ReplyForm.unasked
    var connection: Int32 = none
    /// The connection's next request, or the next free place.
    var next: Int32 = none
    fileprivate var older: Int32 = none
    fileprivate var newer: Int32 = none
    /// Nanoseconds of the monotonic clock.
    var started: UInt64 = 0
    /// How much of `buffer` is the key; the rest are the tags of a read's If-None-Match.
    var keyCount = 0
    var demand = ConsistencyDemand.unspecified
    /// A write's conditions; a read's If-None-Match.
    var isConditional = false
    /// A read's If-None-Match is `*`.
    var matchesAny = false
    /// Key and tags, or the whole reply, or a held write's encoding after the key.
    var buffer: [UInt8] = []
  }

  static let none: Int32 = -1
  /// A buffer that grew beyond is not kept.
  fileprivate static let bufferBytesMax = 4096

  private var entries = Places<Entry>()
  private var firstFree = none
  private var oldest = none
  private var newest = none
  /// Requests without an answer.
  private(set) var waiting = 0

  subscript(index: Int32) -> Entry {
    @inline(__always) _read { yield entries[Int(index)] }
    @inline(__always) _modify { yield &entries[Int(index)] }
  }

  /// The key of a request that waits, borrowed.
  @inline(__always)
  func withKey(of index: Int32, _ body: (UnsafeRawBufferPointer) -> Void) {
    let count = entries[Int(index)].keyCount
    entries[Int(index)].buffer.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
  }

  func ticket(of index: Int32) -> UInt64 {
    UInt64(entries[Int(index)].generation) << 32 | UInt64(UInt32(bitPattern: index))
  }

  /// The place of a request that waits for its answer; nil: it is over.
  func index(of ticket: UInt64) -> Int32? {
    let place = Int(truncatingIfNeeded: ticket & 0xffff_ffff)
    guard place < entries.count, entries[place].generation == UInt32(ticket >> 32) else { return nil }
    switch entries[place].state {
    case .held, .submitted: return Int32(place)
    case .free, .answered: return nil
    }
  }

  /// A new request, which is held and has an empty buffer.
  mutating func add(_ kind: RequestKind, form: ReplyForm, connection: Int, started: UInt64) -> Int32 {
    if firstFree == Self.none {
      entries.append(Entry())
      firstFree = Int32(entries.count - 1)
    }
    let index = firstFree
    firstFree = entries[Int(index)].next
    entries[Int(index)].begin(kind, form, Int32(connection), started)
    entries[Int(index)].older = newest
    if newest == Self.none { oldest = index } else { entries[Int(newest)].newer = index }
    newest = index
    waiting += 1
    return index
  }

  /// The request has its answer: no deadline any more.
  mutating func setAnswered(_ index: Int32) {
    let (older, newer) = (entries[Int(index)].older, entries[Int(index)].newer)
    if older == Self.none { oldest = newer } else { entries[Int(older)].newer = newer }
    if newer == Self.none { newest = older } else { entries[Int(newer)].older = older }
    entries[Int(index)].state = .answered
    waiting -= 1
  }

  /// The request is over. Its ticket names nothing from here on.
  mutating func remove(_ index: Int32) {
    switch entries[Int(index)].state {
    case .held, .submitted: setAnswered(index)
    case .answered: break
    case .free: preconditionFailure("a request ends once")
    }
    entries[Int(index)].end()
    entries[Int(index)].next = firstFree
    firstFree = index
  }

  /// The request that has waited longest for its answer, if it began at or before `time`.
  func oldest(startedBy time: UInt64) -> Int32? {
    guard oldest != Self.none, entries[Int(oldest)].started <= time else { return nil }
    return oldest
  }
}

extension RequestTable.Entry {
  fileprivate mutating func begin(
    _ kind: RequestKind, _ form: ReplyForm, _ connection: Int32, _ started: UInt64
  ) {
    state = .held
    self.kind = kind
    self.form = form
    self.connection = connection
    self.started = started
    next = RequestTable.none
    newer = RequestTable.none
    keyCount = 0
    isConditional = false
    matchesAny = false
  }

  fileprivate mutating func end() {
    generation &+= 1
    state = .free
    let isLarge = buffer.capacity > RequestTable.bufferBytesMax
    buffer.removeAll(keepingCapacity: !isLarge)
  }
}
