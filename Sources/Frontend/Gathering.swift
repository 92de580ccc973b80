/// Decides when a turn's requests go to a backend of which many are better asked together. Several that came together
/// wait while each further look at the sockets brings more; a lone one never waits, and none waits without work being
/// done: looking does not block.
struct Gathering {
  /// Requests gathered when the sockets were last looked at; 0: none wait.
  private var gathered = 0
  private var looks = 0

  var isUnderWay: Bool { looks > 0 }

  /// `count`: the requests of the turn so far. Whether to look at the sockets once more before they go.
  mutating func continues(with count: Int) -> Bool {
    guard count > max(gathered, 1), looks < FrontendOptions.gatheringLooksMax else {
      (gathered, looks) = (0, 0)
      return false
    }
    gathered = count
    looks += 1
    return true
  }
}
