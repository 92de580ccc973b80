import Journal
import UV

/// The files of one directory, by what they are to a journal. Steps run in libuv's pool; a sequence runs one after
/// another, several sequences beside each other.
final class DiskFiles {
  /// Bytes of zeros in one write: each holds one thread of the pool for well under a millisecond.
  private static let blankBytes = 256 << 10
  private static let zeros = [UInt8](repeating: 0, count: blankBytes)

  let loop: Loop
  /// As the user gave it, without a slash at its end.
  let path: String
  var probe: DiskProbe?
  private var openFiles: [(name: JournalFile, file: File)] = []

  init(_ loop: Loop, path: String) {
    self.loop = loop
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    self.path = path
  }

  func path(of name: JournalFile) -> String { "\(path)/\(name.name)" }

  /// Where the directory itself has its name.
  var parent: String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Performs the steps in order and stops at the first that fails. `completion` is called later, once.
  func perform(_ steps: [DiskStep], completion: @escaping (DiskFailure?) -> Void) {
    perform(steps[...], completion)
  }

  private func perform(_ steps: ArraySlice<DiskStep>, _ completion: @escaping (DiskFailure?) -> Void) {
    guard let step = steps.first else { return completion(nil) }
    begin(step) { [self] failure in
      if let failure { return completion(failure) }
      perform(steps.dropFirst(), completion)
    }
  }

  private func begin(_ step: DiskStep, _ completion: @escaping (DiskFailure?) -> Void) {
    probe?.begins(.step(step))
    start(step) { [self] failure in
      guard let error = probe?.ended(.step(step)) else { return completion(failure) }
      completion(.operation(step.verb, path: path, error: error))
    }
  }

  /// Writes to a file that is open, at once.
  func append(
    _ bytes: UnsafeRawBufferPointer, to name: JournalFile, at offset: Int,
    completion: @escaping (DiskFailure?) -> Void
  ) {
    let operation = DiskProbe.Operation.append(name, offset: offset, count: bytes.count)
    probe?.begins(operation)
    file(name).write(bytes, at: Int64(offset)) { [self] error in
      guard let error = probe?.ended(operation) ?? error else { return completion(nil) }
      completion(.operation(.write, path: path(of: name), error: error))
    }
  }

  /// Closes every file; nothing else may be under way.
  func closeAll(completion: @escaping () -> Void) {
    guard let last = openFiles.popLast() else { return completion() }
    last.file.close { [self] _ in closeAll(completion: completion) }
  }
}

extension DiskFiles {
  private func start(_ step: DiskStep, _ completion: @escaping (DiskFailure?) -> Void) {
    switch step {
    case .create(let name): open(name, [.readWrite, .create, .truncate], completion)
    case .open(let name, let synced):
      open(name, synced ? [.readWrite, .synced] : [.readWrite], completion)
    case .write(let name, let offset, let bytes):
      file(name).write(bytes, at: Int64(offset), completion: report(.write, name, completion))
    case .blank(let name, let from, let to): blank(name, from: from, to: to, completion)
    case .sync(let name): file(name).syncData(completion: report(.sync, name, completion))
    case .close(let name): close(name) { completion(nil) }
    case .rename(let old, let new): rename(old, to: new, completion)
    case .remove(let name):
      FileSystem.unlink(loop, path(of: name), completion: report(.remove, name, completion))
    case .syncDirectory: syncDirectory(path, completion)
    case .syncParent: syncDirectory(parent, completion)
    case .makeDirectory(let name): makeDirectory("\(path)/\(name)", completion)
    case .setAside(let name, let directory):
      let target = "\(path)/\(directory)/\(name.name)"
      FileSystem.rename(loop, path(of: name), to: target, completion: report(.rename, name, completion))
    case .syncSubdirectory(let name): syncDirectory("\(path)/\(name)", completion)
    }
  }

  private func report(
    _ verb: DiskVerb, _ name: JournalFile, _ completion: @escaping (DiskFailure?) -> Void
  ) -> (UVError?) -> Void {
    let path = path(of: name)
    return { completion($0.map { .operation(verb, path: path, error: $0) }) }
  }

  private func file(_ name: JournalFile) -> File {
    guard let found = openFiles.first(where: { $0.name == name }) else {
      preconditionFailure("\(name.name) is not open")
    }
    return found.file
  }

  private func open(_ name: JournalFile, _ mode: File.Mode, _ completion: @escaping (DiskFailure?) -> Void) {
    precondition(!openFiles.contains { $0.name == name }, "opened twice")
    File.open(loop, path(of: name), mode) { [self] result in
      switch result {
      case .failure(let error): completion(.operation(.open, path: path(of: name), error: error))
      case .success(let file):
        openFiles.append((name, file))
        completion(nil)
      }
    }
  }

  /// What was written to it is synced by now, or of no use: an error says nothing more.
  func close(_ name: JournalFile, completion: @escaping () -> Void = {}) {
    let file = file(name)
    openFiles.removeAll { $0.name == name }
    file.close { _ in completion() }
  }

  private func rename(
    _ old: JournalFile, to new: JournalFile, _ completion: @escaping (DiskFailure?) -> Void
  ) {
    precondition(!openFiles.contains { $0.name == old || $0.name == new }, "renamed while open")
    FileSystem.rename(loop, path(of: old), to: path(of: new), completion: report(.rename, old, completion))
  }

  private func blank(
    _ name: JournalFile, from: Int, to: Int, _ completion: @escaping (DiskFailure?) -> Void
  ) {
    guard from < to else { return file(name).write([], at: 0, completion: report(.write, name, completion)) }
    let count = min(to - from, DiskFiles.blankBytes)
    DiskFiles.zeros.withUnsafeBytes { zeros in
      let slice = UnsafeRawBufferPointer(rebasing: zeros[..<count])
      file(name).write(slice, at: Int64(from)) { [self] error in
        if let error { return completion(.operation(.write, path: path(of: name), error: error)) }
        if from + count == to { return completion(nil) }
        blank(name, from: from + count, to: to, completion)
      }
    }
  }

  private func syncDirectory(_ path: String, _ completion: @escaping (DiskFailure?) -> Void) {
    FileSystem.syncDirectory(loop, path) {
      completion($0.map { .operation(.sync, path: path, error: $0) })
    }
  }

  private func makeDirectory(_ path: String, _ completion: @escaping (DiskFailure?) -> Void) {
    FileSystem.makeDirectory(loop, path) {
      completion($0.map { .operation(.make, path: path, error: $0) })
    }
  }
}

extension DiskStep {
  /// For messages.
  var verb: DiskVerb {
    switch self {
    case .create, .open, .close: .open
    case .write, .blank: .write
    case .sync, .syncDirectory, .syncParent, .syncSubdirectory: .sync
    case .rename, .setAside: .rename
    case .remove: .remove
    case .makeDirectory: .make
    }
  }
}
