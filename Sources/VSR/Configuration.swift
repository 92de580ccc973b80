import Bytes

/// One life of one server, and what its word counts for.
package struct Member: Hashable, Sendable {
  package var server: ServerIndex
  package var incarnation: Incarnation
  /// 1, or 2 for the heavy member of an even configuration.
  package var weight: Int

  package init(server: ServerIndex, incarnation: Incarnation, weight: Int) {
    self.server = server
    self.incarnation = incarnation
    self.weight = weight
  }
}

/// Who decides in an epoch. The total weight is odd, so one quorum, by weight, serves writes, view changes and
/// reads alike, and any two quorums meet.
package struct Configuration: Hashable, Sendable {
  /// Sorted by server, at most one a server.
  package private(set) var members: [Member]

  package static let empty = Configuration(members: [])

  /// - Precondition: sorted, distinct servers, and either no member or an odd total weight.
  package init(members: [Member]) {
    precondition(members.count <= serversMax)
    precondition(zip(members, members.dropFirst()).allSatisfy { $0.server < $1.server })
    self.members = members
    precondition(members.isEmpty || totalWeight % 2 == 1)
  }

  /// Members of weight 1; of an even number one, `heavy`, weighs 2.
  package init(incarnations: [(server: ServerIndex, incarnation: Incarnation)], heavy: ServerIndex) {
    let isEven = incarnations.count % 2 == 0
    self.init(
      members: incarnations.sorted { $0.server < $1.server }.map {
        Member(
          server: $0.server, incarnation: $0.incarnation, weight: isEven && $0.server == heavy ? 2 : 1)
      })
  }

  package var totalWeight: Int { members.reduce(0) { $0 + $1.weight } }

  /// The least weight that decides.
  package var quorum: Int { (totalWeight + 1) / 2 }

  /// Whether one member alone decides: then commit also waits for every unsuspected member.
  package var hasSoleQuorum: Bool { members.contains { $0.weight >= quorum } }

  package func member(at server: ServerIndex) -> Member? {
    members.first { $0.server == server }
  }

  package func contains(_ server: ServerIndex, _ incarnation: Incarnation) -> Bool {
    member(at: server)?.incarnation == incarnation
  }

  /// The weight of those members for which `holds`.
  package func weight(where holds: (Member) -> Bool) -> Int {
    var sum = 0
    for member in members where holds(member) { sum += member.weight }
    return sum
  }

  package func weight(of servers: ServerMask) -> Int {
    weight { servers.contains($0.server) }
  }

  package func isQuorum(_ servers: ServerMask) -> Bool {
    !members.isEmpty && weight(of: servers) >= quorum
  }

  /// The owner of `view`, counted on from the member that is first in view 0.
  package func primary(of view: View, first: ServerIndex) -> ServerIndex {
    let start = members.firstIndex { $0.server >= first } ?? 0
    return members[(start + Int(view % UInt64(members.count))) % members.count].server
  }

  /// The same, with `server` in a new incarnation and `heavy` weighing 2 where the number is even.
  package func replacing(_ server: ServerIndex, by incarnation: Incarnation, heavy: ServerIndex)
    -> Configuration
  {
    var lives = members.filter { $0.server != server }.map { ($0.server, $0.incarnation) }
    lives.append((server, incarnation))
    return Configuration(incarnations: lives, heavy: heavy)
  }

  /// The same members, `heavy` weighing 2 where the number is even.
  package func withHeavy(_ heavy: ServerIndex) -> Configuration {
    Configuration(incarnations: members.map { ($0.server, $0.incarnation) }, heavy: heavy)
  }

  /// The same without `server`, and `heavy` weighing 2 where the number is then even.
  package func removing(_ server: ServerIndex, heavy: ServerIndex) -> Configuration {
    let lives = members.filter { $0.server != server }.map { ($0.server, $0.incarnation) }
    return Configuration(incarnations: lives, heavy: heavy)
  }
}

extension Configuration {
  package func put(into bytes: inout [UInt8]) {
    bytes.put(UInt8(members.count))
    for member in members {
      bytes.put(UInt8(member.server))
      bytes.put(UInt8(member.weight))
      bytes.put(member.incarnation)
    }
  }

  package static func take(from reader: inout ByteReader) throws(MalformedBytes) -> Configuration {
    let count = Int(try reader.take(UInt8.self))
    guard count <= serversMax else { throw MalformedBytes() }
    var members: [Member] = []
    var total = 0
    for _ in 0..<count {
      let server = Int(try reader.take(UInt8.self))
      let weight = Int(try reader.take(UInt8.self))
      let incarnation = try reader.take(UInt64.self)
      guard server < serversMax, server > members.last?.server ?? -1, (1...2).contains(weight) else {
        throw MalformedBytes()
      }
      members.append(Member(server: server, incarnation: incarnation, weight: weight))
      total += weight
    }
    guard members.isEmpty || total % 2 == 1 else { throw MalformedBytes() }
    return Configuration(members: members)
  }
}
