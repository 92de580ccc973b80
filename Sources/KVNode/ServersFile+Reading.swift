import Glibc
import Servers

extension ServerSet {
  /// Reads and checks the list of servers.
  static func read(path: String) throws(Failure) -> ServerSet {
    let bytes: [UInt8]
    switch contents(of: path) {
    case .success(let read): bytes = read
    case .failure(let error):
      let reason = String(cString: strerror(error.code))
      throw .usage("\(ServersError.unreadable(file: path, reason: reason))")
    }
    do throws(ServersError) {
      return try ServerSet(parsing: bytes, file: path)
    } catch {
      throw .usage("\(error)")
    }
  }

  private struct SystemError: Error {
    let code: Int32
  }

  /// At most one byte more than such a file may have.
  private static func contents(of path: String) -> Result<[UInt8], SystemError> {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return .failure(SystemError(code: errno)) }
    defer { close(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while bytes.count <= ServersFile.bytesMax {
      let count = Glibc.read(file, &buffer, buffer.count)
      if count < 0 { return .failure(SystemError(code: errno)) }
      if count == 0 { break }
      bytes += buffer[..<count]
    }
    return .success(bytes)
  }
}
