import UV

extension Frontend: ListenerHandler {
  package func listener(_ listener: Listener, accepted stream: UV.Stream) {
    let slot = freeSlots.popLast() ?? connections.count
    if slot == connections.count { connections.append(nil) }
    let connection = Connection(self, stream, slot: slot)
    connections[slot] = connection
    connectionCount += 1
    metrics.connectionsAccepted += 1
    stream.attach(connection)
    deadlines.begin(.request, of: slot, at: now)
    connection.isReading = true
    stream.startReading()
  }

  /// The client that has been idle for longest makes room, or one that is as good as gone.
  package func listener(_ listener: Listener, isShortOf error: UVError) {
    metrics.shortages += 1
    for wait in [Wait.request, .linger, .drain, .head, .body] {
      guard let slot = deadlines.longest(wait), let connection = connections[slot] else { continue }
      return close(connection)
    }
  }

  /// Closes at once. Whatever its requests come to is dropped.
  func close(_ connection: Connection) {
    guard connection.phase != .closed else { return }
    release(connection)
    connection.stream.close()
    endIfStopped()
  }

  /// The connection is no more, whatever becomes of its stream.
  func release(_ connection: Connection) {
    connection.phase = .closed
    connection.endDump()
    while connection.first != RequestTable.none {
      let index = connection.first
      connection.first = requests[index].next
      requests.remove(index)
    }
    deadlines.end(of: connection.slot)
    connections[connection.slot] = nil
    freeSlots.append(connection.slot)
    connectionCount -= 1
  }
}

extension Connection {
  /// Nothing of it is under way.
  var isQuiet: Bool {
    switch phase {
    case .serving:
      first == RequestTable.none && !hasMore && output.isEmpty && dump == nil && parser.progress == .idle
        && stream.pendingWriteBytes == 0
    case .finishing, .upgrading, .closed: false
    case .lingering: true
    }
  }
}
