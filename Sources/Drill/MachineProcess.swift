import Foundation

/// A server that runs on a machine, as far as the drill's own deeds tell: who ends by itself there is started
/// again there, and counted.
final class MachineProcess: ServerProcess {
  private unowned let ground: MachineGround
  private let server: Int
  private var starting: TrialProcess?
  private let refusal: () -> MachineGround.Failure
  private var status: Int32?
  private var isFrozen = false

  init(
    _ ground: MachineGround, _ server: Int, starting: TrialProcess,
    _ refusal: @escaping () -> MachineGround.Failure
  ) {
    (self.ground, self.server, self.starting, self.refusal) = (ground, server, starting, refusal)
  }

  var exitStatus: Int32? {
    look()
    return status
  }

  private func look() {
    guard let code = starting?.exitStatus else { return }
    starting = nil
    if code != 0 { ground.note(refusal()) }
  }

  /// Nothing else is done to a machine while it boots.
  private func settle() {
    if let starting { ground.outlast(starting) }
    look()
  }

  private var number: String { "\(server + 1)" }

  func signal(_ number: Int32) {
    settle()
    switch number {
    // The whole machine stands still: not even its kernel answers.
    case SIGSTOP:
      ground.attempt([["freeze", self.number]])
      isFrozen = true
    case SIGCONT: thaw()
    case SIGTERM:
      ground.attempt([["server", self.number, "stop"]])
      status = 0
    default: preconditionFailure("no way to send signal \(number) to a machine")
    }
  }

  private func thaw() {
    guard isFrozen else { return }
    ground.attempt([["thaw", number]])
    isFrozen = false
  }

  func end() { Self.end([self]) }

  /// Kills servers, as nearly at one moment as can be.
  static func end(_ processes: [MachineProcess]) {
    processes.forEach { $0.settle() }
    let alive = processes.filter { $0.status == nil }
    alive.forEach { $0.thaw() }
    alive.first?.ground.attempt(alive.map { ["server", $0.number, "kill"] })
    alive.forEach { $0.status = 128 + SIGKILL }
  }

  /// The power of machines goes, on which servers run or not.
  static func unplug(_ processes: [MachineProcess]) {
    processes.forEach { $0.settle() }
    processes.first?.ground.attempt(processes.map { ["unplug", $0.number] })
    for process in processes {
      process.ground.forget(process.server)
      (process.status, process.isFrozen) = (128 + SIGKILL, false)
    }
  }

  func leave() { starting?.end() }
}
