import VSR

// Snapshots come to be beside everything else: a draft, made and written slice by slice, synced, then named; only
// then goes what is behind it.
extension Disk {
  /// The draft is synced each time so much of it is written, so that its pages never pile up before a record's.
  private static let unsyncedBytesMax = 4 << 20

  /// Saves a snapshot; the handler is told. It may be asked for anew only after that.
  package func save(_ snapshot: SnapshotState) {
    guard state == .open else { return }
    precondition(saving.draft == nil, "one snapshot at a time")
    let floor = queue.floor(behind: snapshot.op)
    saving.draft = SnapshotDraft(snapshot, incarnation: incarnation, floor: floor)
    saving.unsynced = 0
    run([.create(.snapshotDraft)]) { [self] in writeSlice() }
  }

  private func writeSlice() {
    guard state == .open, let offset = saving.next() else { return }
    saving.isWriting = true
    // An empty slice costs a turn of the loop all the same: others come first.
    saving.slice.withUnsafeBytes { bytes in
      files.append(bytes, to: .snapshotDraft, at: offset) { [self] failure in
        saving.isWriting = false
        if let failure { fail(failure) }
        if state == .open { goOn() }
        proceed()
      }
    }
  }

  private func goOn() {
    // Not kept here: a slice would copy what it changes.
    guard let isAtEnd = saving.draft?.isAtEnd else { return }
    if isAtEnd {
      finish()
    } else if saving.unsynced >= Disk.unsyncedBytesMax {
      saving.unsynced = 0
      run([.sync(.snapshotDraft)]) { [self] in writeSlice() }
    } else {
      writeSlice()
    }
  }

  private func finish() {
    guard let draft = saving.draft else { return }
    let steps = [.sync(.snapshotDraft), .close(.snapshotDraft)] + segments.naming(draft.op)
    run(steps) { [self] in
      segments.saved(draft.op, floor: draft.floor)
      saving.draft = nil
      report.snapshots += 1
      report.snapshotBytes += UInt64(draft.count)
      handler?.disk(self, saved: draft.op)
    }
  }

  /// Removes what is behind the snapshot saved last; `op`, at most that snapshot's, is needed no more.
  package func recycle(through op: Op) {
    guard state == .open, let work = segments.recycle(through: op) else { return }
    queue.dropped(before: work.floor)
    if !work.steps.isEmpty { run(work.steps) }
  }
}
