import Servers

/// The list behind -h.
func addresses(_ list: String) throws -> [ServerAddress] {
  do {
    return try HostList(parsing: Array(list.utf8)).hosts
  } catch {
    throw Complaint("-h: \(error)")
  }
}
