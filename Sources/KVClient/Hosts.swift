import Glibc
import Servers

/// Which servers the command may talk to.
enum Hosts {
  private static let files = ["servers.txt", "server.txt"]

  /// `-h`, else `KV_HOSTS`, else the file in the current directory.
  static func find(_ argument: [UInt8]?) throws(Failure) -> [ServerAddress] {
    if let argument { return try parse(argument, from: "-h") }
    if let variable = getenv("KV_HOSTS"), variable.pointee != 0 {
      return try parse(
        Array(UnsafeRawBufferPointer(start: variable, count: strlen(variable))), from: "KV_HOSTS")
    }
    for file in files {
      switch System.read(file: Array(file.utf8), max: ServersFile.bytesMax + 1) {
      case .success(let bytes): return try parse(bytes, file: file)
      case .failure(let error) where error.isMissing: continue
      case .failure(let error):
        throw .usage(ServersError.unreadable(file: file, reason: error.message).description)
      }
    }
    throw .usage("no servers: give -h HOST:PORT, or set KV_HOSTS, or have a servers.txt here")
  }

  /// A comma-separated list; `source` is where it was given, for the error.
  static func parse(_ list: [UInt8], from source: String) throws(Failure) -> [ServerAddress] {
    do throws(AddressError) {
      return try HostList(parsing: list).hosts
    } catch {
      throw .usage("\(source): \(error)")
    }
  }

  private static func parse(_ bytes: [UInt8], file: String) throws(Failure) -> [ServerAddress] {
    do throws(ServersError) {
      return HostList(try ServersFile(parsing: bytes, file: file)).hosts
    } catch {
      throw .usage(error.description)
    }
  }
}
