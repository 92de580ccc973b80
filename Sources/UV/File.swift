import CLibUV

/// An open file or directory. Its operations run in libuv's pool, not in order: what must come after another
/// begins in that one's completion. A completion is always called, once, later and not within the call.
package final class File {
  /// How a file is opened.
  package struct Mode: OptionSet, Sendable {
    package let rawValue: Int32
    package init(rawValue: Int32) { self.rawValue = rawValue }

    package static let read = Mode(rawValue: O_RDONLY)
    package static let readWrite = Mode(rawValue: O_RDWR)
    package static let create = Mode(rawValue: O_CREAT)
    /// With `create`: it must not exist yet.
    package static let exclusive = Mode(rawValue: O_EXCL)
    package static let truncate = Mode(rawValue: O_TRUNC)
    package static let directory = Mode(rawValue: O_DIRECTORY)
    /// Every write is complete only once it is on the disk, with what is needed to find it again.
    package static let synced = Mode(rawValue: O_DSYNC)
  }

  private enum State { case open, closing, closed }

  let loop: Loop
  private let descriptor: Int32
  private var state = State.open
  private var operations = 0
  private var onClose: ((UVError?) -> Void)?

  private init(_ loop: Loop, descriptor: Int32) {
    self.loop = loop
    self.descriptor = descriptor
  }

  deinit { precondition(state == .closed, "a file that nobody closed") }

  /// A file that is created gets `permissions`. Who gets the file must close it.
  package static func open(
    _ loop: Loop, _ path: String, _ mode: Mode, permissions: Int32 = 0o644,
    completion: @escaping (Result<File, UVError>) -> Void
  ) {
    FileRequest(loop).start({ uv_fs_open($0, $1, path, mode.rawValue, permissions, FileRequest.onDone) }) {
      if let error = $0.error {
        completion(.failure(error))
      } else {
        completion(.success(File(loop, descriptor: Int32($0.result))))
      }
    }
  }

  /// Closes once the operations under way are done; none may begin after this, nor a second close.
  package func close(completion: @escaping (UVError?) -> Void = { _ in }) {
    precondition(state == .open, "closed twice")
    state = .closing
    onClose = completion
    closeWhenIdle()
  }

  private func closeWhenIdle() {
    guard state == .closing, operations == 0, let onClose else { return }
    self.onClose = nil
    startFileOperation(
      loop, { [descriptor] in uv_fs_close($0, $1, descriptor, FileRequest.onDone) },
      completion: { [self] error in
        state = .closed
        onClose(error)
      })
  }

  /// Takes the file for this process alone, until it is closed or the process ends; at once. `.wouldBlock`:
  /// another has it.
  package func lockExclusively() throws(UVError) {
    precondition(state == .open)
    try UVError.check(uvx_lock(descriptor))
  }

  func begin(
    _ request: FileRequest, _ call: (Int32) -> FileRequest.Call, onDone: @escaping (FileRequest) -> Void
  ) {
    precondition(state == .open)
    proceed(request, call, onDone: onDone)
  }

  /// One more step of an operation under way: allowed while the close waits for it.
  func proceed(
    _ request: FileRequest, _ call: (Int32) -> FileRequest.Call, onDone: @escaping (FileRequest) -> Void
  ) {
    operations += 1
    request.start(call(descriptor)) { [self] request in
      onDone(request)
      operations -= 1
      closeWhenIdle()
    }
  }
}
