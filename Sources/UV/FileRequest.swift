import CLibUV

/// One operation on files in libuv's pool, with the bytes it reads or writes: both live until its callback.
final class FileRequest {
  typealias Call = (UnsafeMutablePointer<uv_loop_t>, UnsafeMutablePointer<uv_fs_t>) -> Int32

  fileprivate let raw: UnsafeMutablePointer<uv_fs_t>
  let bytes: UnsafeMutableRawBufferPointer
  private let loop: Loop
  private var onDone: ((FileRequest) -> Void)?

  /// With room for `byteCount` bytes, filled by the caller before `start` or by the operation.
  init(_ loop: Loop, byteCount: Int = 0) {
    self.loop = loop
    raw = .allocate(capacity: 1)
    bytes = .allocate(byteCount: byteCount, alignment: 16)
  }

  deinit {
    raw.deallocate()
    bytes.deallocate()
  }

  /// Starts the operation of `call`, which passes `FileRequest.onDone` to libuv. Once.
  func start(_ call: Call, onDone: @escaping (FileRequest) -> Void) {
    let hold = Unmanaged.passRetained(self)
    raw.pointee.data = hold.toOpaque()
    self.onDone = onDone
    let result = call(loop.raw, raw)
    if result < 0 {
      hold.release()
      // All else is met in the pool and comes through the callback.
      preconditionFailure("no memory for a path: \(UVError(code: result))")
    }
  }

  static let onDone: uv_fs_cb = { raw in
    let request = Unmanaged<FileRequest>.fromOpaque(raw!.pointee.data).takeRetainedValue()
    let onDone = request.onDone
    request.onDone = nil
    onDone?(request)
    uv_fs_req_cleanup(request.raw)
  }

  var result: Int { raw.pointee.result }

  var error: UVError? { result < 0 ? UVError(code: Int32(result)) : nil }
}

extension FileRequest {
  var sizeResult: Result<Int64, UVError> {
    error.map { .failure($0) } ?? .success(Int64(raw.pointee.statbuf.st_size))
  }

  /// What a listing found, sorted.
  var names: [String] {
    var names: [String] = []
    var entry = uv_dirent_t()
    while uv_fs_scandir_next(raw, &entry) == 0 { names.append(String(cString: entry.name)) }
    return names.sorted()
  }
}

/// Starts an operation whose only outcome is whether it failed.
func startFileOperation(
  _ loop: Loop, _ call: FileRequest.Call, completion: @escaping (UVError?) -> Void
) {
  FileRequest(loop).start(call) { completion($0.error) }
}
