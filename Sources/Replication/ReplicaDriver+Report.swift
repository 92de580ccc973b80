import Frontend
import Servers
import Transport
import VSR

extension ReplicaDriver {
  package var report: ServerReport {
    let replica = replica
    var report = ServerReport(
      id: servers.own.text, version: options.version, cluster: "\(servers.digest)",
      incarnation: replica.incarnation)
    report.epoch = replica.epoch.id.number
    report.view = replica.view
    report.state = ServerReport.State(replica.standing)
    report.role = !replica.isMember ? .learner : replica.isNormalPrimary ? .primary : .backup
    report.isLinearizable = replica.isServing && !isStopped
    report.reason =
      isStopped
      ? "shutting down"
      : StatusSentence.text(for: replica.outlook, names: names, isDurable: storage.isDurable)
    report.primary = replica.primaryOfView.map { servers.members[$0].text }
    report.op = replica.log.head
    report.commit = replica.commit
    report.isDurable = storage.isDurable
    report.lineage = replica.store.lineage
    report.isLossPossible = replica.isBorn && replica.epoch.start.isLossPossible
    report.members = replica.epoch.configuration.members.map { member in
      ServerReport.Member(
        id: servers.members[member.server].text, incarnation: member.incarnation, weight: member.weight,
        isVoting: true)
    }
    report.peers = servers.members.indices.filter { $0 != servers.ownIndex }.map { peer($0) }
    putStore(&report)
    putCounters(&report)
    return report
  }

  package var conflicts: ConflictReport {
    ConflictReport(conflicts: replica.store.conflicts, servers: servers.members.map(\.text))
  }

  private func putStore(_ report: inout ServerReport) {
    let store = replica.store
    report.keys = store.keyCount
    report.bytes = store.bytes
    report.chargedBytes = store.chargedBytes
    report.storeLimit = store.limits.storeBytes
  }

  private func peer(_ server: ServerIndex) -> ServerReport.Peer {
    guard let link = peers?.report(on: server) else { preconditionFailure("another server") }
    var peer = ServerReport.Peer(
      id: servers.members[server].text, link: ServerReport.Link(link.link),
      isSuspected: replica.isSuspected(server), acked: replica.ackedOp(of: server),
      lag: replica.lag(of: server),
      sent: ServerReport.Traffic(messages: link.sent.messages, bytes: link.sent.bytes),
      received: ServerReport.Traffic(messages: link.received.messages, bytes: link.received.bytes))
    peer.silenceMax = replica.silenceTicks(of: server) * DriverClock.tickMilliseconds
    return peer
  }

  private var names: [String] { servers.members.map(\.text) }

  /// The servers that do not answer, in words.
  var unreachable: String {
    let suspected = servers.members.indices.filter { $0 != servers.ownIndex && replica.isSuspected($0) }
      .map { names[$0] }
    return suspected.isEmpty ? "none" : suspected.joined(separator: ", ")
  }

  private func putCounters(_ report: inout ServerReport) {
    let counters = replica.counters
    report.counters = [
      .init("view_changes", "Times that this server left a view for the next.", UInt64(counters.viewChanges)),
      .init("epochs", "Epochs that this server entered.", UInt64(counters.epochs)),
      .init("ops_executed", "Ops of the log executed.", UInt64(counters.opsExecuted)),
      .conflicts(replica.store.conflictCount),
      .init("writes_executed", "Writes executed.", UInt64(counters.writesExecuted)),
      .init("probes_sent", "Read probes sent to the members.", UInt64(counters.probesSent)),
      .init("messages_dropped", "Messages of lives not verified.", UInt64(counters.messagesDropped)),
      .init("snapshots_installed", "Snapshots taken over.", UInt64(counters.snapshotsInstalled)),
    ]
    guard case .disk(let disk) = storage else { return }
    let figures = disk.report
    report.counters += [
      .init("journal_syncs", "fdatasync calls completed.", figures.syncs),
      .init("journal_written_bytes", "Bytes written to the journal.", figures.bytesWritten),
      .init("journal_records", "Records written to the journal.", figures.records),
    ]
  }
}

extension ServerReport.State {
  init(_ standing: Replica.Standing) {
    switch standing {
    case .normal: self = .normal
    case .viewChange: self = .viewChange
    case .catchingUp: self = .catchingUp
    case .quorumLost: self = .quorumLost
    case .unborn: self = .unborn
    }
  }
}

extension ServerReport.Link {
  fileprivate init(_ state: PeerReport.Link) {
    switch state {
    case .up: self = .up
    case .down: self = .down
    case .connecting: self = .connecting
    }
  }
}
