import VSR

// Servers that end one after another, each after the others have had time to go on without the one before.
extension Simulation {
  /// Microseconds in which a server that ended is suspected and taken out of the configuration.
  private func evictionTime(_ choice: inout Random) -> UInt64 {
    let ticks = settings.options.silenceTicksMax + settings.options.evictTicks + 20
    return 10_000 * ticks + UInt64(choice.spread(mean: 200_000))
  }

  /// One more ends, while others are left; it starts again after they had time to end too.
  func goOnWithAttrition(_ number: Int) {
    let fault = plan.faults[number]
    let left = servers.filter { $0.isUp }.count
    guard isFaulty, left > 1 else { return }
    var choice = Random(seed: fault.choice &+ UInt64(left), stream: .faults)
    let manner = drawManner(&choice)
    let server = target(&choice)
    let gap = evictionTime(&choice)
    if server.isUp, mayCrash(server, manner) {
      crash(server, manner)
      restart(server, after: UInt64(left) * gap + fault.duration)
    }
    endLater(number, at: now + gap)
  }
}
