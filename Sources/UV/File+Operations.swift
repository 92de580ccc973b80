import CLibUV

extension File {
  /// Writes all of `bytes`, of which it takes a copy, from `offset` on. On an error any part may be written.
  package func write(
    _ bytes: UnsafeRawBufferPointer, at offset: Int64, completion: @escaping (UVError?) -> Void
  ) {
    let request = FileRequest(loop, byteCount: bytes.count)
    request.bytes.copyMemory(from: bytes)
    begin(request, File.writing(request, at: offset)) { [self] in
      finishWrite($0, at: offset, completion)
    }
  }

  package func write(_ bytes: [UInt8], at offset: Int64, completion: @escaping (UVError?) -> Void) {
    bytes.withUnsafeBytes { write($0, at: offset, completion: completion) }
  }

  private func finishWrite(
    _ request: FileRequest, at offset: Int64, _ completion: @escaping (UVError?) -> Void
  ) {
    if let error = request.error { return completion(error) }
    let rest = UnsafeRawBufferPointer(rebasing: request.bytes[request.result...])
    if rest.isEmpty { return completion(nil) }
    if request.result == 0 { return completion(.inputOutput) }
    let offset = offset + Int64(request.result)
    let next = FileRequest(loop, byteCount: rest.count)
    next.bytes.copyMemory(from: rest)
    proceed(next, File.writing(next, at: offset)) { [self] in
      finishWrite($0, at: offset, completion)
    }
  }

  private static func writing(_ request: FileRequest, at offset: Int64) -> (Int32) -> FileRequest.Call {
    { descriptor in
      { loop, raw in
        var buffer = uv_buf_t(UnsafeRawBufferPointer(request.bytes))
        return uv_fs_write(loop, raw, descriptor, &buffer, 1, offset, FileRequest.onDone)
      }
    }
  }

  /// Reads up to `count` bytes from `offset` on: fewer only where the file ends.
  package func read(
    _ count: Int, at offset: Int64, completion: @escaping (Result<[UInt8], UVError>) -> Void
  ) {
    let request = FileRequest(loop, byteCount: count)
    begin(
      request,
      { descriptor in
        { loop, raw in
          var buffer = uv_buf_t(UnsafeRawBufferPointer(request.bytes))
          return uv_fs_read(loop, raw, descriptor, &buffer, 1, offset, FileRequest.onDone)
        }
      },
      onDone: { request in
        if let error = request.error { return completion(.failure(error)) }
        completion(.success([UInt8](request.bytes[..<request.result])))
      })
  }

  /// All that was written is on the disk, with what is needed to find it again.
  package func syncData(completion: @escaping (UVError?) -> Void) {
    begin(FileRequest(loop), { descriptor in { uv_fs_fdatasync($0, $1, descriptor, FileRequest.onDone) } }) {
      completion($0.error)
    }
  }

  /// As `syncData`, with all of the file's attributes. For a directory: its entries.
  package func sync(completion: @escaping (UVError?) -> Void) {
    begin(FileRequest(loop), { descriptor in { uv_fs_fsync($0, $1, descriptor, FileRequest.onDone) } }) {
      completion($0.error)
    }
  }

  /// Cuts or extends (with zeroes) to `size` bytes.
  package func truncate(to size: Int64, completion: @escaping (UVError?) -> Void) {
    begin(
      FileRequest(loop), { descriptor in { uv_fs_ftruncate($0, $1, descriptor, size, FileRequest.onDone) } }
    ) {
      completion($0.error)
    }
  }

  /// Its size in bytes.
  package func size(completion: @escaping (Result<Int64, UVError>) -> Void) {
    begin(FileRequest(loop), { descriptor in { uv_fs_fstat($0, $1, descriptor, FileRequest.onDone) } }) {
      completion($0.sizeResult)
    }
  }
}
