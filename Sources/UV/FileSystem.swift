import CLibUV

/// Operations on paths, in libuv's pool. Each completion is called once, later and not within the call.
package enum FileSystem {
  /// What is at `to` is replaced, at once and as a whole.
  package static func rename(
    _ loop: Loop, _ from: String, to: String, completion: @escaping (UVError?) -> Void
  ) {
    startFileOperation(loop, { uv_fs_rename($0, $1, from, to, FileRequest.onDone) }, completion: completion)
  }

  package static func unlink(_ loop: Loop, _ path: String, completion: @escaping (UVError?) -> Void) {
    startFileOperation(loop, { uv_fs_unlink($0, $1, path, FileRequest.onDone) }, completion: completion)
  }

  package static func makeDirectory(
    _ loop: Loop, _ path: String, permissions: Int32 = 0o755, completion: @escaping (UVError?) -> Void
  ) {
    startFileOperation(
      loop, { uv_fs_mkdir($0, $1, path, permissions, FileRequest.onDone) }, completion: completion)
  }

  package static func removeDirectory(
    _ loop: Loop, _ path: String, completion: @escaping (UVError?) -> Void
  ) {
    startFileOperation(loop, { uv_fs_rmdir($0, $1, path, FileRequest.onDone) }, completion: completion)
  }

  /// The names in a directory, sorted, without `.` and `..`.
  package static func list(
    _ loop: Loop, _ path: String, completion: @escaping (Result<[String], UVError>) -> Void
  ) {
    FileRequest(loop).start({ uv_fs_scandir($0, $1, path, 0, FileRequest.onDone) }) { request in
      completion(request.error.map { .failure($0) } ?? .success(request.names))
    }
  }

  /// The size in bytes of what is at `path`.
  package static func size(
    _ loop: Loop, _ path: String, completion: @escaping (Result<Int64, UVError>) -> Void
  ) {
    FileRequest(loop).start({ uv_fs_stat($0, $1, path, FileRequest.onDone) }) { completion($0.sizeResult) }
  }

  /// After this a file that was created, renamed or removed in the directory is so also after a crash.
  package static func syncDirectory(
    _ loop: Loop, _ path: String, completion: @escaping (UVError?) -> Void
  ) {
    File.open(loop, path, [.read, .directory]) { opened in
      switch opened {
      case .failure(let error): completion(error)
      case .success(let directory):
        directory.sync { synced in
          directory.close { closed in completion(synced ?? closed) }
        }
      }
    }
  }
}
