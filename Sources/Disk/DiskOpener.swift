import Journal
import UV
import VSR

/// Opens a directory: makes it, locks it, reads it, does what must be done before anything may be said.
final class DiskOpener {
  typealias Completion = (Result<OpenedDisk, DiskFailure>) -> Void

  let files: DiskFiles
  let identity: DiskIdentity
  let options: DiskOptions
  var notes: [DiskNote] = []
  private let completion: Completion
  private var lock: File?

  init(_ files: DiskFiles, _ identity: DiskIdentity, _ options: DiskOptions, completion: @escaping Completion)
  {
    self.files = files
    self.identity = identity
    self.options = options
    self.completion = completion
  }

  func start() {
    // What is stored is nobody's business but the server's.
    FileSystem.makeDirectory(files.loop, files.path, permissions: 0o700) { [self] error in
      if let error, error != .fileExists {
        return fail(.operation(.make, path: files.path, error: error))
      }
      list { [self] names in
        // Before the lock is made: a directory of something else is not touched.
        if case .foreign(.directory)? = opening(names).result {
          return fail(.foreignDirectory(path: files.path))
        }
        takeLock()
      }
    }
  }

  private func takeLock() {
    let path = files.path(of: .lock)
    File.open(files.loop, path, [.readWrite, .create]) { [self] result in
      switch result {
      case .failure(let error): fail(.operation(.open, path: path, error: error))
      case .success(let file):
        lock = file
        do throws(UVError) {
          try file.lockExclusively()
          examine()
        } catch .wouldBlock {
          fail(.inUse(path: files.path))
        } catch {
          fail(.operation(.lock, path: path, error: error))
        }
      }
    }
  }

  /// Reads what is there, now that it is this process' alone.
  func examine() {
    list { [self] names in read(opening(names)) { [self] in judge($0, names) } }
  }

  private func judge(_ result: OpeningResult, _ names: [String]) {
    switch result {
    case .empty(let discard):
      if notes.isEmpty { notes.append(.empty) }
      begin(discarding: discard)
    case .intact(let contents): goOn(contents, .intact, names)
    case .torn(let contents):
      goOn(contents, .torn(segment: contents.end.sequence, sector: contents.end.sector), names)
    case .damaged(let damage): setAside(damage.reason, names)
    case .foreign(.directory): fail(.foreignDirectory(path: files.path))
    case .foreign(.cluster(let formation)):
      let difference = Founding(decoding: formation)?.difference(from: identity.servers) ?? ""
      fail(.otherCluster(path: files.path, difference: difference))
    case .foreign(.address(let address)): fail(.otherServer(path: files.path, address: address))
    case .newer(let version): fail(.newerVersion(path: files.path, version: version))
    }
  }

  private func goOn(_ contents: JournalContents, _ note: DiskNote, _ names: [String]) {
    let made = Founding(decoding: contents.meta.formation)?.limits
    guard made == identity.limits else {
      return fail(.otherLimits(path: files.path, storeBytes: made?.storeBytes))
    }
    restore(contents) { [self] result in
      switch result {
      case .failure(let misfit): setAside(misfit.detail, names)
      case .success(let found):
        notes.append(note)
        settle(contents, found)
      }
    }
  }

  // MARK: - Ends

  func fail(_ failure: DiskFailure) {
    files.closeAll { [self] in
      guard let lock else { return completion(.failure(failure)) }
      lock.close { [self] _ in completion(.failure(failure)) }
    }
  }

  func finish(_ restored: Restored, _ queue: RecordQueue, segments: SegmentKeeper) {
    guard let lock else { preconditionFailure("opened without a lock") }
    let disk = Disk(files, lock: lock, incarnation: restored.incarnation, queue, segments)
    completion(.success(OpenedDisk(disk: disk, restored: restored, notes: notes)))
  }

  /// Calls `body` where there was no failure.
  func perform(_ steps: [DiskStep], then body: @escaping () -> Void) {
    files.perform(steps) { [self] failure in
      if let failure { fail(failure) } else { body() }
    }
  }
}
