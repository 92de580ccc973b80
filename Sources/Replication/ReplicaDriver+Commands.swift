import Frontend
import Servers
import Transport
import VSR

extension ReplicaDriver {
  package func command(_ command: OperatorCommand) -> CommandAnswer {
    switch command {
    case .recover(let names): recover(without: names)
    case .acknowledgeLoss: acknowledgeLoss()
    }
  }

  /// An operator's word that servers are gone for good counts as proof. So it is asked for by name, and not
  /// taken of a server that answers.
  private func recover(without names: [String]) -> CommandAnswer {
    if servers.count == 1 { return .done("nothing to recover: this server is its own quorum") }
    guard !names.isEmpty else {
      if replica.isServing { return .done("nothing to recover: a quorum of servers works") }
      return .wrong(
        "name the servers that are gone for good, as without=HOST:PORT,...; not reached now: \(unreachable)")
    }
    var mask = ServerMask()
    for name in names {
      guard let server = servers.members.firstIndex(where: { $0.text == name }) else {
        return .wrong("\(name) is not in servers.txt")
      }
      guard server != servers.ownIndex else { return .wrong("\(name) is this server") }
      guard peers?.report(on: server).link != .up else {
        return .wrong("\(name) is connected to this server: stop it first")
      }
      mask.insert(server)
    }
    step(.recover(without: mask))
    owner.driver(self, notes: Note(.warn, "recover", [("without", names.joined(separator: ","))]))
    return .done("going on without \(names.joined(separator: ", ")): what only they had is lost")
  }

  private func acknowledgeLoss() -> CommandAnswer {
    guard replica.isBorn, replica.epoch.start.isLossPossible else {
      return .done("nothing to acknowledge: no loss is possible")
    }
    step(.acknowledgeLoss)
    return .done("acknowledged: the mark goes as soon as a quorum has taken note")
  }
}
