import Journal
import KVStore
import UV
import VSR

/// How a disk is made.
package struct DiskOptions {
  /// Of a journal that is begun; one that is there keeps its own.
  package var layout = SegmentLayout()
  var probe: DiskProbe?

  package init(layout: SegmentLayout = SegmentLayout()) {
    self.layout = layout
  }
}

/// A server's journal and snapshots in a directory that is its alone: records become durable in the order given,
/// with one write at a time, each taking all that has come meanwhile (group commit).
///
/// Failure modes: any operation on a file that fails, for lack of space too and also that of a snapshot or of a
/// segment ahead, ends it with `failed`: what is on the disk is unknown from then on, or can no longer be kept
/// bounded. The handler hears nothing after that, and calls do nothing.
package final class Disk {
  /// Held until the disk has failed or is closed.
  package var handler: (any DiskHandler)?
  package internal(set) var report = DiskReport()

  let files: DiskFiles
  let incarnation: Incarnation
  var queue: RecordQueue
  var segments: SegmentKeeper
  var saving = SnapshotSaving()
  var state = State.open
  /// Something was recorded since the last `flush()`.
  private var hasUnflushed = false
  /// There may be something to write: `flush()` was called, or a segment came, since the last write began.
  private var wantsWrite = false
  private var batch: [UInt8] = []
  private var writes: [RecordWriter.Write] = []
  /// Writes of the batch under way that are not complete.
  private var writesLeft = 0
  private var batchBegan: UInt64 = 0
  /// Sequences of steps under way.
  private var sequences = 0
  private let lock: File
  private var isEnding = false
  private var closers: [() -> Void] = []

  enum State { case open, closing, failed, closed }

  init(
    _ files: DiskFiles, lock: File, incarnation: Incarnation, _ queue: RecordQueue, _ segments: SegmentKeeper
  ) {
    self.files = files
    self.lock = lock
    self.incarnation = incarnation
    self.queue = queue
    self.segments = segments
  }

  /// Opens the journal in `directory`, which is made where there is none (one level), and takes it for this
  /// process alone. `completion` is called once, later; who gets the disk must close it.
  package static func open(
    _ loop: Loop, directory: String, identity: DiskIdentity, options: DiskOptions = DiskOptions(),
    completion: @escaping (Result<OpenedDisk, DiskFailure>) -> Void
  ) {
    let files = DiskFiles(loop, path: directory)
    files.probe = options.probe
    DiskOpener(files, identity, options, completion: completion).start()
  }

  /// Takes records for the journal, in this order. They are on their way with the next `flush()`.
  package func record(_ records: [JournalRecord]) {
    guard state == .open else { return }
    queue.add(records)
    hasUnflushed = true
  }

  /// The turn ends: what was recorded is to become durable as soon as possible.
  package func flush() {
    guard state == .open, hasUnflushed else { return }
    hasUnflushed = false
    wantsWrite = true
    proceed()
  }

  /// Begins whatever is due and not under way.
  func proceed() {
    switch state {
    case .open, .closing:
      if wantsWrite, !queue.isWriting { write() }
      prepareSegment()
      endIfDone()
    case .failed: endIfDone()
    case .closed: break
    }
  }

  /// Performs a sequence of steps, and calls `body` unless the disk has failed.
  func run(_ steps: [DiskStep], then body: @escaping () -> Void = {}) {
    sequences += 1
    files.perform(steps) { [self] failure in
      sequences -= 1
      if let failure { fail(failure) }
      if state != .failed { body() }
      proceed()
    }
  }
}

// MARK: - Records

extension Disk {
  private func write() {
    wantsWrite = false
    guard queue.beginWrite(&batch, &writes) else { return }
    batchBegan = Clock.nanoseconds
    writesLeft = writes.count
    batch.withUnsafeBytes { bytes in
      for write in writes {
        let part = UnsafeRawBufferPointer(rebasing: bytes[write.range])
        files.append(part, to: .segment(write.sequence), at: write.offset) { [self] in finishWrite($0) }
      }
    }
  }

  /// The last write of a batch to be complete makes it durable.
  private func finishWrite(_ failure: DiskFailure?) {
    writesLeft -= 1
    if let failure { fail(failure) }
    guard state != .failed, writesLeft == 0 else { return proceed() }
    let count = queue.endWrite()
    report.addSync(bytes: batch.count, records: count, nanoseconds: Clock.nanoseconds - batchBegan)
    let durable = queue.durableSegment
    for write in writes where write.sequence < durable { files.close(.segment(write.sequence)) }
    // What came meanwhile is on its way before the handler makes use of this.
    proceed()
    if count > 0 { handler?.disk(self, syncedThrough: queue.synced) }
  }

  private func prepareSegment() {
    guard let next = segments.next(queue.writerPlace, isAwaited: queue.needsSegment) else { return }
    run(next.steps) { [self] in
      report.segmentsPrepared += 1
      if next.isRecycled { report.segmentsRecycled += 1 }
      queue.prepared(segments.prepared())
      wantsWrite = true
    }
  }
}

// MARK: - Ends

extension Disk {
  /// Makes durable what was recorded, gives up a snapshot that is not whole, and lets go of the directory. May be
  /// called again, and after a failure; `completion` is called then too, at once if all is done already.
  package func close(completion: @escaping () -> Void = {}) {
    guard state != .closed else { return completion() }
    closers.append(completion)
    if state == .open {
      state = .closing
      wantsWrite = true
    }
    proceed()
  }

  func fail(_ failure: DiskFailure) {
    guard state == .open || state == .closing else { return }
    state = .failed
    let handler = handler
    self.handler = nil
    handler?.disk(self, failed: failure)
  }

  private func endIfDone() {
    guard !closers.isEmpty, !isEnding, writesLeft == 0, sequences == 0, !saving.isWriting else { return }
    guard state == .failed || queue.isIdle else { return }
    isEnding = true
    files.closeAll { [self] in
      lock.close { [self] _ in
        state = .closed
        handler = nil
        let done = closers
        closers = []
        for completion in done { completion() }
      }
    }
  }
}
