import Faults
import Servers

/// What a drill is to do.
package struct DrillOptions {
  package enum Target {
    /// Servers of its own, to be harmed.
    case own(servers: Int, isDurable: Bool)
    /// Those on machines, each harmed and repaired by a program; the n-th is machine n + 1.
    case machines([ServerAddress], by: String)
    /// Running ones, to be measured only.
    case running([ServerAddress])
  }

  package var target: Target
  /// Faults and repairs; of a cluster that is not its own: none, and an end.
  package var schedule: FaultSchedule
  package var seed: UInt64
  /// Of the load driver, over all servers; 0: it does not run.
  package var loadRate = 400
  /// Processes of kvclient at a time for each server, and twice as many that are given all servers.
  package var clientsPerServer = 1
  /// For every server of its own.
  package var nodeArguments: [String] = []

  package init(_ target: Target, schedule: FaultSchedule, seed: UInt64) {
    (self.target, self.schedule, self.seed) = (target, schedule, seed)
  }

  package static let clientsMax = 8
  package static let secondsMax = 86_400
}
