import Foundation
import Servers

/// What the command line asks that cannot be done, in one line.
struct UsageError: Error {
  let message: String

  init(_ message: String) { self.message = message }
}

/// Which servers are driven.
enum Hosts {
  private static let files = ["servers.txt", "server.txt"]

  /// `-h`, else `KV_HOSTS`, else the file in the current directory; of them only `one`, where it is given.
  static func find(_ list: String?, one: String?) throws(UsageError) -> [ServerAddress] {
    let hosts = try find(list)
    guard let one else { return hosts }
    let wanted = try parse(one, from: "--one").first!
    guard let host = hosts.first(where: { $0.isSamePlace(as: wanted) }) else {
      throw UsageError("--one \(one): not among the hosts \(hosts.map(\.text).joined(separator: ","))")
    }
    return [host]
  }

  private static func find(_ list: String?) throws(UsageError) -> [ServerAddress] {
    if let list { return try parse(list, from: "-h") }
    if let list = ProcessInfo.processInfo.environment["KV_HOSTS"], !list.isEmpty {
      return try parse(list, from: "KV_HOSTS")
    }
    for file in files {
      guard let bytes = FileManager.default.contents(atPath: file) else { continue }
      do throws(ServersError) {
        return HostList(try ServersFile(parsing: [UInt8](bytes), file: file)).hosts
      } catch {
        throw UsageError(error.description)
      }
    }
    throw UsageError("no servers: give -h HOST:PORT, or set KV_HOSTS, or have a servers.txt here")
  }

  private static func parse(_ list: String, from source: String) throws(UsageError) -> [ServerAddress] {
    do throws(AddressError) {
      return try HostList(parsing: Array(list.utf8)).hosts
    } catch {
      throw UsageError("\(source): \(error)")
    }
  }
}
