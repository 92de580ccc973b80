import Faults
import UV

/// What has become of the last second, in one line.
struct LiveFigures {
  private var place = 0

  mutating func line(_ run: DrillRun) -> String {
    let sightings = run.workload.recorder.sightings[place...]
    place += sightings.count
    var successes = [Int](repeating: 0, count: run.cluster.count)
    var others: [Sighting.Kind: Int] = [:]
    var anywhere = 0
    for sighting in sightings {
      if !sighting.kind.isSuccess {
        others[sighting.kind, default: 0] += 1
      } else if sighting.server >= 0 {
        successes[Int(sighting.server)] += 1
      } else {
        anywhere += 1
      }
    }
    let each = successes.enumerated().map { server, count in
      "\(server): \(run.cluster.isRunning(server) || !run.isOwn ? "\(count)" : "down")"
    }
    let view = run.watch.views.last.map {
      "view \($0.epoch)/\($0.view) primary \($0.primary.map(String.init) ?? "?")"
    }
    let bad = [
      (Sighting.Kind.refused, "refused"), (.unknown, "unknown"), (.unreachable, "unreachable"),
      (.labelled, "labelled"),
    ].compactMap { kind, name in others[kind].map { "\($0) \(name)" } }
    return
      ([run.stamp(Clock.nanoseconds), view ?? "no view", "answers/s at \(each.joined(separator: ", "))"]
      + ["kvclient at all \(anywhere)"] + bad).joined(separator: "  ")
  }
}
