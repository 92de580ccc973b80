import UV

/// Why a directory cannot be used, or can be used no longer. Paths are as the user gave them.
package enum DiskFailure: Error, Equatable, Sendable {
  /// Another process has it.
  case inUse(path: String)
  case notADirectory(path: String)
  /// It holds something, and no journal.
  case foreignDirectory(path: String)
  /// The journal of the server with this address.
  case otherServer(path: String, address: [UInt8])
  /// Another set of servers; what differs in words, if that is known.
  case otherCluster(path: String, difference: String)
  /// The store was made with other limits, this one among them: replicas that differ in them would decide
  /// differently.
  case otherLimits(path: String, storeBytes: Int?)
  case newerVersion(path: String, version: UInt32)
  /// So many damaged journals have been set aside there that somebody should look at the device.
  case damagedTooOften(path: String, count: Int)
  case operation(DiskVerb, path: String, error: UVError)

  /// One line for the user, without a full stop.
  package var message: String {
    switch self {
    case .inUse(let path): "\(path): in use by another process"
    case .notADirectory(let path): "\(path): not a directory"
    case .foreignDirectory(let path): "\(path): holds other files and no journal; it is left as it is"
    case .otherServer(let path, let address):
      "\(path): belongs to another server (\(String(decoding: address, as: UTF8.self))): "
        + "put that one first in servers.txt, or give this one a directory of its own"
    case .otherCluster(let path, let difference):
      "\(path): belongs to another set of servers than servers.txt names"
        + (difference.isEmpty ? "" : " (\(difference))")
        + ": put that servers.txt back, or begin anew in another directory"
    case .otherLimits(let path, let storeBytes):
      "\(path): made with \(DiskFailure.describe(storeBytes)), which cannot be changed there"
    case .newerVersion(let path, let version): "\(path): written by a newer version (\(version))"
    case .damagedTooOften(let path, let count):
      "\(path): damaged \(count) times before (damaged-*): check the device, then remove them"
    case .operation(let verb, let path, let error): "\(path): cannot \(verb.rawValue): \(error.message)"
    }
  }
}

extension DiskFailure {
  private static func describe(_ storeBytes: Int?) -> String {
    guard let storeBytes else { return "other limits of the store" }
    let mebibyte = 1 << 20
    let isWhole = storeBytes.isMultiple(of: mebibyte)
    return "a store limit of " + (isWhole ? "\(storeBytes / mebibyte) MiB" : "\(storeBytes) bytes")
  }
}

/// What was tried of a file or a directory.
package enum DiskVerb: String, Sendable {
  case make, open, lock, list, read, write, sync, rename, remove
}
