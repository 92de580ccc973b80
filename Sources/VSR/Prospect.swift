/// How many more failures linearizable answers outlast, if those `present` are what is left of a configuration. A
/// member fails that no longer takes part: dead, frozen, or cut off from the others. Who is absent has failed already.
/// The worst choice counts: so many may fail, *whichever* they are.
package struct Prospect: Hashable, Sendable {
  /// At the same moment, now.
  package let atOnce: Int
  /// One after another, where before each of them everyone absent has been taken out of the configuration. Never less
  /// than `atOnce`, and equal where nobody ever is taken out.
  package let apart: Int
  /// Members whose failure alone, now, would end it.
  package let critical: ServerMask

  /// Nil where those present are no quorum. `isShrinking`: members that are gone for long are taken out.
  package init?(_ configuration: Configuration, present: ServerMask, isShrinking: Bool) {
    let members = ServerMask(configuration.members.map(\.server).filter(present.contains))
    guard configuration.isQuorum(members) else { return nil }
    atOnce = Prospect.fatalLeast(configuration, members) - 1
    apart = isShrinking ? Prospect.fatalApart(members.count) - 1 : atOnce
    var critical = ServerMask()
    for member in configuration.members where members.contains(member.server) {
      var rest = members
      rest.remove(member.server)
      if !configuration.isQuorum(rest) { critical.insert(member.server) }
    }
    self.critical = critical
  }

  /// How many must fail at least until the rest is no quorum: of all subsets (128 at most) the smallest.
  private static func fatalLeast(_ configuration: Configuration, _ present: ServerMask) -> Int {
    var most = 0
    for bits in 0...present.bits where bits & ~present.bits == 0 {
      let left = ServerMask(bits: bits)
      if !configuration.isQuorum(left) { most = max(most, left.count) }
    }
    return present.count - most
  }

  /// The same, with time between. Taking out who is absent never costs the quorum (docs/situations.md), so it comes to a
  /// configuration of those present alone: `count` of them, of which any may be the heavy one. From three on any one
  /// may fail, and it begins anew with one less; of two only the light one may, and the worst choice is the heavy one.
  private static func fatalApart(_ count: Int) -> Int { max(count - 1, 1) }
}
