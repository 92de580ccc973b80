import Frontend
import Servers
import VSR

/// What the log was last told of the replica: a line follows where that changes.
struct Watch {
  private var epoch: EpochID = .none
  private var members = ServerMask()
  private var view: View = 0
  private var primary: ServerIndex?
  private var standing = Replica.Standing.unborn
  private var isLossPossible = false
  /// Conflicts told of; nil: those that a start finds are old news.
  private var conflicts: UInt64?
  private(set) var hasServed = false

  /// The lines for what has changed since the last call.
  mutating func notes(on replica: Replica, _ servers: ServerSet, isDurable: Bool) -> [Note] {
    var notes: [Note] = []
    let now = replica.standing
    if replica.epoch.id != epoch { notes.append(epochNote(replica, servers)) }
    if replica.isNormal, replica.view != view || replica.primaryOfView != primary || replica.epoch.id != epoch
    {
      let name = replica.primaryOfView.map { servers.members[$0].text } ?? "none"
      notes.append(Note(.info, "view", [("view", "\(replica.view)"), ("primary", name)]))
      view = replica.view
      primary = replica.primaryOfView
    }
    epoch = replica.epoch.id
    members = ServerMask(replica.epoch.configuration.members.map(\.server))
    if now != standing, now != .viewChange {
      let word = ServerReport.State(now).rawValue
      notes.append(Note(now == .quorumLost ? .warn : .info, "status", [("status", word)]))
    }
    standing = now
    let loss = replica.isBorn && replica.epoch.start.isLossPossible
    if loss != isLossPossible { notes.append(Self.lossNote(loss, replica)) }
    isLossPossible = loss
    let recorded = replica.store.conflictCount
    if let conflicts, recorded > conflicts {
      notes.append(
        Note(.warn, "conflicts", [("new", "\(recorded - conflicts)"), ("listed", "/-/conflicts")]))
    }
    conflicts = recorded
    if !hasServed, replica.isServing {
      hasServed = true
      notes.append(Self.servingNote(replica, servers, isDurable))
    }
    return notes
  }

  /// Who counts from now on, and who no longer does.
  private func epochNote(_ replica: Replica, _ servers: ServerSet) -> Note {
    let now = ServerMask(replica.epoch.configuration.members.map(\.server))
    func names(where holds: (ServerIndex) -> Bool) -> String {
      servers.members.indices.filter(holds).map { servers.members[$0].text }.joined(separator: ",")
    }
    var fields = [
      ("epoch", "\(replica.epoch.id.number)"), ("members", names { now.contains($0) }),
      ("role", replica.isMember ? "member" : "learner"),
    ]
    let left = names { members.contains($0) && !now.contains($0) }
    let joined = names { now.contains($0) && !members.contains($0) }
    if !left.isEmpty { fields.append(("left", left)) }
    if epoch != .none, !joined.isEmpty { fields.append(("joined", joined)) }
    if let heavy = replica.epoch.configuration.members.first(where: { $0.weight > 1 }) {
      fields.append(("heavy", servers.members[heavy.server].text))
    }
    return Note(.info, "epoch", fields)
  }

  private static func lossNote(_ isPossible: Bool, _ replica: Replica) -> Note {
    let lineage = [("lineage", "\(replica.epoch.start.lineage)")]
    return isPossible ? Note(.error, "loss-possible", lineage) : Note(.info, "loss-acknowledged", lineage)
  }

  private static func servingNote(_ replica: Replica, _ servers: ServerSet, _ isDurable: Bool) -> Note {
    Note(
      .info, "serving",
      [
        ("address", servers.own.text), ("members", "\(replica.epoch.configuration.members.count)"),
        ("view", "\(replica.view)"), ("state", isDurable ? "durable" : "memory"),
      ])
  }
}

extension ReplicaDriver {
  /// With the ticks: what was passed through and left again between two is not worth a line.
  func noteTransitions() {
    for note in look({ watch.notes(on: $0, servers, isDurable: storage.isDurable) }) {
      owner.driver(self, notes: note)
    }
  }
}
