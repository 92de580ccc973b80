import Foundation

/// `/-/status`, as JSON has it.
struct StatusReport: Decodable, Equatable {
  struct Member: Decodable, Equatable {
    var id: String
    var incarnation: UInt64
    var weight: Int
    var voting: Bool
  }

  struct Peer: Decodable, Equatable {
    var id: String
    var link: String
    var suspected: Bool
  }

  var id: String
  var epoch: UInt64
  var incarnation: UInt64
  var view: UInt64
  var role: String
  var status: String
  var linearizable: Bool
  var reason: String
  var primary: String?
  var op: UInt64
  var commit: UInt64
  var durable: Bool
  var lineage: UInt64
  var lossPossible: Bool
  var members: [Member]
  var peers: [Peer]
  var keys: Int
  var bytes: Int

  /// It stands among the members with the incarnation that it has now, and votes.
  var isVotingMember: Bool {
    members.contains { $0.id == id && $0.incarnation == incarnation && $0.voting }
  }

  var isWell: Bool { status == "normal" && linearizable && isVotingMember }

  func isLinked(to others: [String]) -> Bool {
    others.allSatisfy { other in peers.contains { $0.id == other && $0.link == "up" } }
  }

  /// What all must agree on when it is quiet.
  var position: String {
    "epoch=\(epoch) view=\(view) op=\(op) commit=\(commit) lineage=\(lineage) keys=\(keys) bytes=\(bytes)"
      + " primary=\(primary ?? "-") lossPossible=\(lossPossible)"
  }

  var summary: String {
    let members = members.map { "\($0.id)\($0.voting ? "" : "?")*\($0.weight)" }.joined(separator: ",")
    let links = peers.map { "\($0.id)=\($0.link)\($0.suspected ? "!" : "")" }.joined(separator: ",")
    return "\(id) \(role) \(status) \(position) reason=\"\(reason)\" members=\(members) links=\(links)"
  }
}
