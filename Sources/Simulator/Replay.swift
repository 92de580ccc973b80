import Bytes
import KVStore
import VSR
import Wire

/// Steps a replica through a capsule, as its node did.
package struct Replay {
  /// Where it ended.
  package private(set) var replica: Replica
  package private(set) var steps = 0
  /// Events that are missing, and so many that came after them and could not be stepped through.
  package private(set) var missing: UInt64 = 0
  package private(set) var unsteppable = 0

  /// `trace` gets a line for every event, before it is given to the core, and one for every message that follows of
  /// it. If the node ended by a failed precondition, so does this, at the same event.
  package init(_ bytes: [UInt8], trace: (String) -> Void) throws(MalformedBytes) {
    var caught: MalformedBytes?
    var ended: Replay?
    bytes.withUnsafeBytes { raw in
      do throws(MalformedBytes) {
        var reader = try CapsuleReader(raw)
        var replay = Replay(reader.start.replica)
        try replay.run(&reader, trace)
        ended = replay
      } catch { caught = error }
    }
    if let caught { throw caught }
    self = ended!
  }

  private init(_ replica: Replica) {
    self.replica = replica
  }

  private mutating func run(_ reader: inout CapsuleReader, _ trace: (String) -> Void) throws(MalformedBytes) {
    var effects = Effects()
    while let item = try reader.next() {
      switch item {
      case .gap(let count):
        missing = count
        trace("\(count) events are missing: what follows is told, not stepped through")
      case .event(let event) where missing > 0:
        unsteppable += 1
        trace(describe(event))
      case .event(let event):
        steps += 1
        trace("\(steps) \(describe(event))")
        replica.step(event, into: &effects)
        for (to, message) in effects.messages { trace("  -> \(to) \(describe(message))") }
        for record in effects.journal { trace("  journal \(describe(record))") }
      }
    }
  }

  /// Where it ended, in a line.
  package var ending: String {
    let place = "epoch \(replica.epoch.id.number) view \(replica.view) log view \(replica.logView)"
    let ops = "executed \(replica.executed) commit \(replica.commit) head \(replica.log.head)"
    let role = replica.isNormalPrimary ? "primary" : replica.isMember ? "backup" : "learner"
    let rest = missing > 0 ? "; \(missing) events missing and \(unsteppable) after them" : ""
    return "server \(replica.server) after \(steps) steps: \(role) \(replica.status) \(place) \(ops)\(rest)"
  }
}
