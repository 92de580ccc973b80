/// How one request ended, for the sum of it.
package struct Sighting: Hashable, Sendable {
  package enum Kind: UInt8, Sendable, CaseIterable {
    case read
    case write
    /// 429 or 503: certainly not executed.
    case refused
    /// 500, 504, a lost connection, no answer in time.
    case unknown
    /// No connection: certainly not executed.
    case unreachable
    /// Answered, and labelled as not linearizable.
    case labelled

    /// A success that promises everything.
    package var isSuccess: Bool { self == .read || self == .write }
  }

  /// Nanoseconds, of the clock that the faults go by.
  package var asked: UInt64
  package var ended: UInt64
  /// Whom it was asked of; `anyServer` where the client chose.
  package var server: Int16
  package var kind: Kind

  package static let anyServer: Int16 = -1

  package init(asked: UInt64, ended: UInt64, server: Int, kind: Kind) {
    (self.asked, self.ended, self.kind) = (asked, ended, kind)
    self.server = Int16(server)
  }
}

/// Something that was done to the cluster.
package struct FaultMark: Equatable, Sendable, Encodable {
  /// When it began, nanoseconds.
  package var at: UInt64
  package var text: String
  /// It harms: one row of the table begins here.
  package var isFault: Bool
  /// Whom it hit, by number.
  package var servers: [Int]
  /// The schedule's time of it, milliseconds; faults of one are one, however long they take to be done.
  package var moment: UInt64?

  package init(at: UInt64, _ text: String, isFault: Bool, servers: [Int], moment: UInt64? = nil) {
    (self.at, self.text, self.isFault, self.servers) = (at, text, isFault, servers)
    self.moment = moment
  }
}

/// A view was seen for the first time.
package struct ViewMark: Equatable, Sendable, Encodable {
  package var at: UInt64
  package var epoch: UInt64
  package var view: UInt64
  /// Nil: nobody has it yet.
  package var primary: Int?

  package init(at: UInt64, epoch: UInt64, view: UInt64, primary: Int?) {
    (self.at, self.epoch, self.view, self.primary) = (at, epoch, view, primary)
  }
}

/// All that was seen of a cluster under faults.
package struct FaultRecord: Sendable {
  package var serverCount: Int
  /// Nanoseconds: from the first request to the last answer.
  package var begins: UInt64
  package var ends: UInt64
  package var sightings: [Sighting] = []
  package var marks: [FaultMark] = []
  package var views: [ViewMark] = []
  package var wrongs: [WrongAnswer] = []

  package init(serverCount: Int, begins: UInt64, ends: UInt64) {
    (self.serverCount, self.begins, self.ends) = (serverCount, begins, ends)
  }
}
