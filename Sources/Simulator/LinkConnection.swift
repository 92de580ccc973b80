import VSR
import Wire

/// One direction of a connection, with what both of its ends remember of the frames that went before.
struct LinkConnection {
  let number: UInt32
  var writer: FrameWriter
  var reader: FrameReader
  /// Bytes of it were lost: nothing behind them is ever read.
  var isBroken = false

  init(number: UInt32, serverCount: Int, version: WireVersion, sender: ServerIndex) {
    self.number = number
    writer = FrameWriter(version)
    reader = FrameReader(serverCount: serverCount, version: version, sender: sender)
  }

  /// The message of the one frame that comes now, in two pieces. Nil: it is none.
  mutating func read(_ frame: [UInt8], inTwoAt cut: Int) -> Message? {
    frame.withUnsafeBytes { raw in
      reader.append(UnsafeRawBufferPointer(rebasing: raw[..<cut]))
      if cut > 0 { _ = try? reader.next() }
      reader.append(UnsafeRawBufferPointer(rebasing: raw[cut...]))
    }
    guard let message = try? reader.next(), reader.pendingCount == 0 else { return nil }
    return message
  }
}

extension Network.Link {
  /// Connections whose bytes may still be on the way are remembered; of more than these they are lost.
  private static let earlierMax = 4

  /// What comes waits: the link is cut, or has something to read before.
  var isWaiting: Bool { cuts > 0 || !held.isEmpty }

  /// When so many bytes have been passed on that are sent `now`.
  mutating func passTime(of count: Int, from now: UInt64) -> UInt64 {
    guard pressure.rate > 0 else { return now }
    pressure.busyUntil = max(now, pressure.busyUntil) + UInt64(count * 1000 / pressure.rate)
    return pressure.busyUntil
  }

  /// Returns what was held, which is lost, of whatever connection it was.
  mutating func renew(_ next: LinkConnection, at now: UInt64) -> [UInt32] {
    if !pressure.isEmpty { connection.isBroken = true }
    earlier.insert(connection, at: 0)
    if earlier.count > Self.earlierMax { earlier.removeLast() }
    connection = next
    troubledAt = now
    lastArrival = now
    pressure.restart()
    defer { held.removeAll() }
    return held
  }

  mutating func breakConnection(_ number: UInt32) {
    if connection.number == number { connection.isBroken = true }
    for index in earlier.indices where earlier[index].number == number { earlier[index].isBroken = true }
  }

  /// Nil: nobody reads it any more. An inner nil: it is no frame.
  mutating func readEarlier(_ number: UInt32, _ frame: [UInt8], inTwoAt cut: Int) -> Message?? {
    guard let place = earlier.firstIndex(where: { $0.number == number }), !earlier[place].isBroken else {
      return nil
    }
    return .some(earlier[place].read(frame, inTwoAt: cut))
  }
}

/// What a slow link makes wait at its sender. Sizes in bytes.
struct BackPressure {
  static let never = Int.max

  /// The socket takes so much that has not arrived.
  var window = BackPressure.never
  /// Bytes that pass in a millisecond; 0: no matter how many.
  var rate = 0
  var until: UInt64 = 0
  /// What waits beyond them is dropped, if it is bulk; else the connection is reset.
  var bulkMax = 0
  var framesMax = 0
  /// Sent, and not arrived.
  var underWay = 0
  /// When the link has passed on what it was given.
  var busyUntil: UInt64 = 0
  private(set) var frames: [[UInt8]] = []
  private(set) var frameBytes = 0
  private(set) var bulk: [[UInt8]] = []
  private(set) var bulkBytes = 0

  var isEmpty: Bool { frames.isEmpty && bulk.isEmpty }

  /// Whether a frame may go at once: nothing that must precede it waits, and the socket takes more.
  func passes(isBulk: Bool) -> Bool {
    frames.isEmpty && (!isBulk || bulk.isEmpty) && (underWay == 0 || underWay < window)
  }

  /// Returns how many older bulk frames it dropped; nil: more waits than may.
  mutating func wait(_ frame: [UInt8], isBulk: Bool) -> Int? {
    guard isBulk else {
      guard frames.isEmpty || frameBytes + frame.count <= framesMax else { return nil }
      frames.append(frame)
      frameBytes += frame.count
      return 0
    }
    var dropped = 0
    while !bulk.isEmpty, bulkBytes + frame.count > bulkMax {
      bulkBytes -= bulk.removeFirst().count
      dropped += 1
    }
    bulk.append(frame)
    bulkBytes += frame.count
    return dropped
  }

  /// The frame that goes next, if the socket takes one.
  mutating func next() -> (frame: [UInt8], isBulk: Bool)? {
    guard underWay == 0 || underWay < window else { return nil }
    if !frames.isEmpty {
      frameBytes -= frames[0].count
      return (frames.removeFirst(), false)
    }
    guard !bulk.isEmpty else { return nil }
    bulkBytes -= bulk[0].count
    return (bulk.removeFirst(), true)
  }

  mutating func limit(like other: BackPressure) {
    (window, rate, bulkMax, framesMax) = (other.window, other.rate, other.bulkMax, other.framesMax)
    until = max(until, other.until)
  }

  mutating func unlimit() {
    (window, rate) = (BackPressure.never, 0)
  }

  /// The connection has ended: what waited for it is gone.
  mutating func restart() {
    (frames, bulk) = ([], [])
    (frameBytes, bulkBytes, underWay, busyUntil) = (0, 0, 0, 0)
  }
}
