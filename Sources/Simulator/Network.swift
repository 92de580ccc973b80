import VSR
import Wire

/// Links between each ordered pair of servers, and the messages on their way.
struct Network {
  struct Link {
    /// How many of the partitions in force cut it, and how many make it lead nowhere without a word.
    var cuts = 0
    var voids = 0
    /// Nothing arrives before.
    var cloggedUntil: UInt64 = 0
    var lastArrival: UInt64 = 0
    var connection: LinkConnection
    /// Before it, the latest first: their bytes may still be on the way.
    var earlier: [LinkConnection] = []
    /// Came while the link was cut, to be read when it heals: numbers of slots.
    var held: [UInt32] = []
    var pressure = BackPressure()
    var refusedAt: UInt64 = 0
    /// When it was last cut, clogged or reset.
    var troubledAt: UInt64 = 0
  }

  struct Parcel {
    /// A frame as it stands on the wire.
    var frame: [UInt8]
    var connection: UInt32
    /// The life of the process it was sent to.
    var toLife: UInt32
  }

  static let heldMax = 2_000

  let serverCount: Int
  var links: [Link]
  private var parcels: [Parcel?] = []
  private var free: [UInt32] = []

  init(serverCount: Int) {
    self.serverCount = serverCount
    links = (0..<serverCount * serverCount).map {
      let first = LinkConnection(
        number: 0, serverCount: serverCount, version: .one, sender: $0 / serverCount)
      return Link(connection: first)
    }
  }

  func index(_ from: ServerIndex, _ to: ServerIndex) -> Int { from * serverCount + to }

  mutating func put(_ parcel: Parcel) -> UInt32 {
    if let slot = free.popLast() {
      parcels[Int(slot)] = parcel
      return slot
    }
    parcels.append(parcel)
    return UInt32(parcels.count - 1)
  }

  mutating func take(_ slot: UInt32) -> Parcel {
    let parcel = parcels[Int(slot)]!
    parcels[Int(slot)] = nil
    free.append(slot)
    return parcel
  }
}

/// A set of links, as bits: what a partition cuts.
struct LinkMask: Sendable {
  private(set) var bits: UInt64 = 0
  let serverCount: Int

  init(serverCount: Int, cutting isCut: (_ from: ServerIndex, _ to: ServerIndex) -> Bool) {
    self.serverCount = serverCount
    for from in 0..<serverCount {
      for to in 0..<serverCount where from != to && isCut(from, to) {
        bits |= 1 << UInt64(from * serverCount + to)
      }
    }
  }

  func contains(_ link: Int) -> Bool { bits >> UInt64(link) & 1 == 1 }
}
