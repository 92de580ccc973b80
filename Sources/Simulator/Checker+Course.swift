import Bytes
import KVStore
import VSR

extension Checker {
  /// View, log view and commit never fall; what is committed and executed lies on the one history.
  mutating func checkCourse(_ server: SimulatedServer, at time: UInt64) {
    let index = server.index
    guard var course = watched[index].course else { return }
    let (epoch, view, logView, commit, executed) = server.process!.look {
      ($0.epoch.id, $0.view, $0.logView, $0.commit, $0.executed)
    }
    if epoch != course.epoch {
      guard epoch.number > course.epoch.number else {
        return fail(.viewNeverFalls, index, time, "epoch \(course.epoch.number), then \(epoch.number)")
      }
      noteEpoch(server.process!.replica.epoch, at: index, time)
      course.epoch = epoch
      course.lineage = server.process!.replica.epoch.start.lineage
      if course.lineage != watched[index].course!.lineage { course.executed = 0 }
    } else if view < course.view {
      return fail(.viewNeverFalls, index, time, "view \(course.view), then \(view)")
    } else if logView < course.logView {
      return fail(.logViewNeverFalls, index, time, "log view \(course.logView), then \(logView)")
    }
    let isSameLineage = course.lineage == watched[index].course!.lineage
    if commit < course.commit, isSameLineage {
      return fail(.commitNeverFalls, index, time, "commit \(course.commit), then \(commit)")
    }
    let before = isSameLineage ? course.commit : 0
    course.view = view
    course.logView = logView
    course.commit = commit
    watched[index].course = course
    if commit > before { checkCommits(server, from: before, at: time) }
    if violation == nil, executed != course.executed {
      checkExecuted(server, at: time)
    }
  }

  private mutating func noteEpoch(_ epoch: Epoch, at index: ServerIndex, _ time: UInt64) {
    epochs.note(epoch)
    if epoch.start.isLossPossible {
      lossy.insert(epoch.start.lineage)
    } else if lossy.contains(epoch.start.lineage), !acknowledged.contains(epoch.start.lineage) {
      fail(.lossIsTold, index, time, "lineage \(epoch.start.lineage) no longer says what nobody acknowledged")
    }
    let isNew = lineages.begin(epoch.start.lineage)
    guard isNew, lineages.count > 1 else { return }
    if !epoch.start.isLossPossible {
      fail(.lossIsTold, index, time, "lineage \(epoch.start.lineage) says that nothing can be lost")
    }
  }

  mutating func noteAcknowledgement(of epoch: Epoch) {
    acknowledged.insert(epoch.start.lineage)
  }

  /// Everything newly committed is what was committed by others, or extends it.
  mutating func checkCommits(_ server: SimulatedServer, from before: Op, at time: UInt64) {
    let index = server.index
    let commit = server.process!.replica.commit
    guard commit > 0, let course = watched[index].course else { return }
    _ = lineages.begin(course.lineage)
    var op = max(before, server.process!.replica.log.base)
    if op > before {
      // What is behind a snapshot's log was committed by somebody, and executed.
      guard let known = lineages.digest(at: op, in: course.lineage) else {
        return fail(.snapshotIsCommitted, index, time, "op \(op) is nowhere committed")
      }
      if known != server.process!.replica.log.baseDigest { return differ(index, time, op, course.lineage) }
    }
    while op < commit {
      op += 1
      guard let entry = server.process!.replica.log[op] else { return }
      switch lineages.claim(entry, in: course.lineage) {
      case .known: break
      case .different: return differ(index, time, op, course.lineage)
      case .gap: return fail(.snapshotIsCommitted, index, time, "op \(op) is committed before those below")
      case .new:
        opsCommitted += 1
        noteCommitted(entry, in: course.lineage, server, at: time)
      }
    }
  }

  private mutating func differ(_ index: ServerIndex, _ time: UInt64, _ op: Op, _ lineage: UInt64) {
    fail(.oneHistory, index, time, "op \(op) of lineage \(lineage) is committed in two ways")
  }

  private mutating func noteCommitted(
    _ entry: LogEntry, in lineage: UInt64, _ server: SimulatedServer, at time: UInt64
  ) {
    epochs.noteCommitted(entry, by: server.process!.replica.epoch)
    guard entry.kind == .requests else { return }
    if let (rule, detail) = requests.commit(entry, in: lineage) { fail(rule, server.index, time, detail) }
    checkMerges(server, at: time)
  }

  /// What the writes that were just committed did, as the client table remembers it.
  private mutating func checkMerges(_ server: SimulatedServer, at time: UInt64) {
    for write in requests.kept.takeFresh() where violation == nil {
      guard write.question.isEmpty || isDone(write.question, at: server) else {
        requests.kept.noteLost(write)
        continue
      }
      guard let unseen = requests.kept.noteEffect(write) else { continue }
      fail(.keptSeesWhatItOverwrites, server.index, time, "op \(write.op) merges a write: \(unseen)")
    }
  }

  private func isDone(_ question: [UInt8], at server: SimulatedServer) -> Bool {
    question.withUnsafeBytes { raw in
      var reader = WriteReader(raw)
      guard let write = try? reader.next() else { return false }
      var outcomes = Outcomes()
      let isKnown = server.process!.look { $0.store.answer(write, ticket: 1, into: &outcomes) }
      guard isKnown, let outcome = outcomes.records.first, case .done = outcome.result else { return false }
      return true
    }
  }

  /// One that says that its executed state needs no question to anybody has executed all that was committed.
  mutating func checkAlone(_ server: SimulatedServer, at time: UInt64) {
    guard violation == nil else { return }
    let committed = lineages.committed
    let executed = server.process!.replica.executed
    if committed.lineage == server.process!.replica.epoch.start.lineage, executed < committed.op {
      let detail = "would serve alone as of op \(executed), op \(committed.op) is committed"
      fail(.aloneIsCurrent, server.index, time, detail)
    }
  }

  /// A copy of the whole store is the state after the op that its server executed last, and nothing that was
  /// committed, by whomever, when it was asked for is missing.
  mutating func checkDump(
    _ store: Store, asked: (lineage: UInt64, op: Op), of server: SimulatedServer, at time: UInt64
  ) {
    let executed = server.process!.replica.executed
    if asked.lineage == store.lineage, executed < asked.op {
      let detail = "a dump as of op \(executed), asked for when op \(asked.op) was committed"
      return fail(.dumpIsWhole, server.index, time, detail)
    }
    var copy = store
    guard executed > 0, lineages.digest(at: executed, in: store.lineage) != nil else { return }
    if !lineages.agrees(copy.stateHash(), at: executed, in: store.lineage) {
      fail(.dumpIsWhole, server.index, time, "a dump is not the state after op \(executed)")
    }
  }

  /// The executed prefix is on the history, and its state is everybody's.
  private mutating func checkExecuted(_ server: SimulatedServer, at time: UInt64) {
    let index = server.index
    let executed = server.process!.replica.executed
    watched[index].course!.executed = executed
    let lineage = watched[index].course!.lineage
    guard executed > 0 else { return }
    guard lineages.digest(at: executed, in: lineage) == server.process!.replica.executedDigest else {
      return fail(.executedOnHistory, index, time, "executed op \(executed) is not the committed one")
    }
    // Dear; and what differs once goes on differing.
    guard executed % 16 == 0 || executed < 16 else { return }
    var store = server.process!.replica.store
    let state = store.stateHash()
    if !lineages.agrees(state, at: executed, in: lineage) {
      fail(.sameState, index, time, "state differs after op \(executed)")
    }
  }
}
