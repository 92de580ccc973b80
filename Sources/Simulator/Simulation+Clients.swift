import Bytes
import History
import KVStore
import VSR

extension Simulation {
  func beginClients() {
    for client in 0..<settings.clientCount { clients.homes[client] = clientRandom.below(servers.count) }
    for slot in 0..<clients.slotCount { actLater(slot) }
  }

  /// Sooner after an answer than after a refusal.
  func actLater(_ slot: Int, wasRefused: Bool = false) {
    let mean = wasRefused ? max(settings.thinkMean, 100_000) : settings.thinkMean
    queue.add(
      Happening(kind: .clientActs, slot: UInt32(slot)),
      at: now + 1 + UInt64(clientRandom.spread(mean: mean)))
  }

  /// A client that is free asks for something.
  func clientActs(_ slot: Int) {
    guard !clients.isStopped else { return }
    let client = slot / clients.depth
    if clientRandom.chance(permille: 20) { clients.homes[client] = clientRandom.below(servers.count) }
    var server = clients.depth > 1 ? clients.homes[client] : clientRandom.below(servers.count)
    var isRead = clientRandom.chance(permille: settings.readPermille)
    if script != nil {
      // Each client has its server, so that one that stands still holds up its own clients only; of each server's
      // clients one only reads, as a drill's do.
      server = slot % servers.count
      isRead = isRead || slot < servers.count
    }
    let key = clientRandom.below(settings.keyCount)
    let isDump = isRead && clientRandom.chance(permille: settings.dumpPermille)
    let index =
      isDump
      ? makeDump(slot, server) : isRead ? makeRead(slot, key, server) : makeWrite(slot, key, server)
    clients.operations[index].isStrict = strictRandom.chance(permille: settings.strictPermille)
    attempt(index, at: server)
    // One that was refused at once asks again already.
    if isFaulty, clientRandom.chance(permille: rates.vanishPermille), !clients.operations[index].isSettled {
      report.faults[FaultKind.vanishing.index] += 1
      clients.settle(index, .open, lineage: 0)
      actLater(slot)
    }
  }

  func makeRead(_ slot: Int, _ key: Int, _ server: ServerIndex) -> Int {
    let place = clients.invoke(client: slot, key: key, .read)
    return clients.add(Operation(client: slot, key: key, kind: .read, historyIndex: place, server: server))
  }

  func makeDump(_ slot: Int, _ server: ServerIndex) -> Int {
    let place = clients.history.operations.count
    for key in 0..<settings.keyCount { _ = clients.invoke(client: slot, key: key, .read) }
    var operation = Operation(client: slot, key: 0, kind: .dump, historyIndex: place, server: server)
    operation.committed = checker.lineages.committed
    return clients.add(operation)
  }

  func makeWrite(_ slot: Int, _ key: Int, _ server: ServerIndex) -> Int {
    let isDelete = clientRandom.chance(permille: settings.deletePermille)
    let number = clients.operations.count
    var value = Array("value\(number)".utf8)
    if !isDelete, clientRandom.chance(permille: 300) {
      while value.count < settings.valueBytesMax { value.append(UInt8(ascii: ".")) }
    }
    let action = isDelete ? RegisterOperation.Action.delete : .write(clients.history.value(value))
    let place = clients.invoke(client: slot, key: key, action)
    var operation = Operation(
      client: slot, key: key, kind: isDelete ? .delete : .set, historyIndex: place, server: server)
    if !isDelete { operation.value = value }
    if clientRandom.chance(permille: settings.keyedPermille) {
      let isTimed = clientRandom.chance(permille: settings.timedKeyPermille)
      operation.idempotencyKey = Array((isTimed ? "\(now / 1000)-\(number)" : "once\(number)").utf8)
    }
    if clientRandom.chance(permille: settings.conditionPermille) { addCondition(&operation) }
    return clients.add(operation)
  }

  private func addCondition(_ operation: inout Operation) {
    if clientRandom.chance(permille: 500) {
      operation.isCreation = true
    } else if let sight = clients.sights[operation.key] {
      operation.ifMatch = (sight.tag, sight.value)
    }
  }

  /// Hands the operation to a server; a server that is down refuses the connection.
  func attempt(_ index: Int, at serverIndex: ServerIndex) {
    let server = servers[serverIndex]
    clients.operations[index].attempts += 1
    clients.operations[index].server = serverIndex
    let attempt = clients.operations[index].attempts
    guard server.isUp, server.stop == nil else { return concludeAttempt(index, isCertain: true) }
    clients.operations[index].outstanding += 1
    let run = checker.requests.index(of: server.process!.replica.session)
    let operation = clients.operations[index]
    if operation.kind == .read {
      let ticket = checker.requests.add(read: .init(operation: index, attempt: attempt), run: run)
      clients.keyNames[operation.key].withUnsafeBytes {
        server.front.reads.append(ticket: ticket, key: $0, isStrict: operation.isStrict)
      }
    } else if operation.kind == .dump {
      let ticket = checker.requests.add(read: .init(operation: index, attempt: attempt), run: run)
      server.front.reads.appendAll(ticket: ticket)
    } else {
      var write: [UInt8] = []
      encode(operation, into: &write)
      server.front.append(write, isStrict: operation.isStrict)
      let hash = write.withUnsafeBytes { SipHash.hash($0) }
      checker.requests.add(write: .init(operation: index, attempt: attempt, bytesHash: hash), run: run)
    }
    if !server.front.isFlushAsked {
      server.front.isFlushAsked = true
      queue.add(Happening(kind: .flush, server: UInt8(serverIndex), life: server.life), at: now)
    }
    let mean = isFaulty ? settings.timeoutMean : 2_000_000
    var patience = mean / 2 + clientRandom.spread(mean: settings.timeoutMean)
    if isFaulty, clients.operations[index].mayDouble, clientRandom.chance(permille: rates.doublingPermille) {
      report.faults[FaultKind.doubling.index] += 1
      clients.operations[index].isDoubled = true
      patience = clientRandom.spread(mean: 2 * settings.delayMean)
    }
    queue.add(
      Happening(kind: .attemptTimesOut, life: UInt32(attempt), slot: UInt32(index)),
      at: now + UInt64(patience))
  }

  private func encode(_ operation: Operation, into bytes: inout [UInt8]) {
    let key = clients.keyNames[operation.key]
    var tagBytes: [UInt8] = []
    if let condition = operation.ifMatch {
      tagBytes.put(Tag(lineage: condition.tag.lineage, counter: condition.tag.counter))
    }
    let once = operation.idempotencyKey ?? []
    key.withUnsafeBytes { key in
      operation.value.withUnsafeBytes { value in
        once.withUnsafeBytes { once in
          tagBytes.withUnsafeBytes { tagBytes in
            var write = operation.kind == .delete ? Write(delete: key) : Write(set: key, to: value)
            if !once.isEmpty { write.idempotencyKey = once }
            if operation.ifMatch != nil { write.ifMatch = .tags(TagList(tagBytes)) }
            if operation.isCreation { write.ifNoneMatch = .any }
            bytes.put(write)
          }
        }
      }
    }
  }

  func attemptTimesOut(_ index: Int, attempt: Int) {
    guard !clients.operations[index].isSettled, clients.operations[index].attempts == attempt,
      clients.operations[index].outstanding > 0
    else { return }
    clients.operations[index].outstanding -= 1
    concludeAttempt(index, isCertain: clients.operations[index].isRead)
  }

  /// An attempt ended without the operation being done: again elsewhere if that is safe, or given up.
  func concludeAttempt(_ index: Int, isCertain: Bool) {
    guard !clients.operations[index].isSettled else { return }
    if !isCertain { clients.operations[index].isUncertain = true }
    let operation = clients.operations[index]
    let mayRetry =
      (rates.retries || operation.isDoubled) && (operation.idempotencyKey != nil || !operation.isUncertain)
    if mayRetry, operation.attempts < settings.attemptsMax {
      queue.add(
        Happening(kind: .operationRetries, slot: UInt32(index)),
        at: now + 1 + UInt64(clientRandom.spread(mean: operation.isDoubled ? settings.delayMean : 20_000)))
      return
    }
    guard operation.outstanding == 0 || operation.isUncertain else { return }
    if !operation.isRead, operation.isUncertain { report.unknown += 1 } else { report.refused += 1 }
    settle(index, operation.isUncertain && !operation.isRead ? .open : .failed, lineage: 0)
  }

  func retry(_ index: Int) {
    guard !clients.operations[index].isSettled else { return }
    if isFaulty { report.faults[FaultKind.retries.index] += 1 }
    let next = (clients.operations[index].server + 1 + clientRandom.below(servers.count)) % servers.count
    attempt(index, at: next)
  }

  func settle(_ index: Int, _ outcome: RegisterOperation.Outcome, lineage: UInt64) {
    guard !clients.operations[index].isSettled else { return }
    clients.settle(index, outcome, lineage: lineage)
    if script != nil { noteSighting(of: index, outcome) }
    let slot = clients.operations[index].client
    if slot < clients.slotCount { actLater(slot, wasRefused: outcome == .failed) }
  }

  func settle(dump index: Int, _ values: [RegisterValue], lineage: UInt64) {
    guard !clients.operations[index].isSettled else { return }
    clients.settle(dump: index, values, lineage: lineage)
    let slot = clients.operations[index].client
    if slot < clients.slotCount { actLater(slot) }
  }

  /// The process with these requests has ended: their clients' connections break.
  func loseRequests(of session: Session) {
    let run = checker.requests.index(of: session)
    guard checker.requests.runs[run].openCount > 0 else { return }
    for index in checker.requests.runs[run].writes.indices {
      if let request = checker.requests.answer(write: UInt64(index) + 1, run: run, .lost) {
        loseAttempt(request.operation, request.attempt, isCertain: false)
      }
    }
    for index in checker.requests.runs[run].reads.indices {
      if let request = checker.requests.answer(read: UInt64(index) + 1, run: run, .lost) {
        loseAttempt(request.operation, request.attempt, isCertain: true)
      }
    }
  }

  func loseAttempt(_ index: Int, _ attempt: Int, isCertain: Bool) {
    guard clients.operations[index].attempts == attempt, clients.operations[index].outstanding > 0 else {
      if !isCertain { clients.operations[index].isUncertain = true }
      return
    }
    clients.operations[index].outstanding -= 1
    concludeAttempt(index, isCertain: isCertain)
  }
}
