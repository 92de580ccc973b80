import Journal
import UV

extension DiskFiles {
  /// Bytes of one read.
  private static let readBytes = 1 << 20

  /// The names in the directory, sorted.
  func list(completion: @escaping (Result<[String], DiskFailure>) -> Void) {
    FileSystem.list(loop, path) { [path] result in
      completion(
        result.mapError {
          $0 == .notADirectory
            ? .notADirectory(path: path) : .operation(.list, path: path, error: $0)
        })
    }
  }

  /// A whole file.
  func read(_ name: JournalFile, completion: @escaping (Result<[UInt8], DiskFailure>) -> Void) {
    let path = path(of: name)
    File.open(loop, path, .read) { [self] result in
      switch result {
      case .failure(let error): completion(.failure(.operation(.open, path: path, error: error)))
      case .success(let file):
        file.size { [self] size in
          var bytes: [UInt8] = []
          if case .success(let count) = size { bytes.reserveCapacity(Int(count)) }
          readOn(file, bytes) { result in
            file.close { _ in completion(result.mapError { .operation(.read, path: path, error: $0) }) }
          }
        }
      }
    }
  }

  private func readOn(
    _ file: File, _ bytes: consuming [UInt8], _ completion: @escaping (Result<[UInt8], UVError>) -> Void
  ) {
    // A box, so that the pieces gather in place.
    let gathered = Gathered(bytes)
    func next() {
      file.read(DiskFiles.readBytes, at: Int64(gathered.bytes.count)) { result in
        switch result {
        case .failure(let error): completion(.failure(error))
        case .success(let piece):
          gathered.bytes += piece
          if piece.count < DiskFiles.readBytes { completion(.success(gathered.bytes)) } else { next() }
        }
      }
    }
    next()
  }
}

private final class Gathered {
  var bytes: [UInt8]
  init(_ bytes: [UInt8]) { self.bytes = bytes }
}
