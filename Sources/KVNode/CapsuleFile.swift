import Glibc
import Replication

/// What the handler of a signal needs, and may reach: set once, before the handler is.
private struct CapsuleTarget {
  let regions: UnsafeMutablePointer<CapsuleRegions>
  /// Lasts as long as the process.
  let path: UnsafeMutablePointer<CChar>
}

private nonisolated(unsafe) var target: CapsuleTarget?

/// The capsule's way out of the process: on request, and when a precondition fails. What is written then is in
/// memory already, in order, so that the handler makes only system calls (signal-safety(7)).
enum CapsuleFile {
  /// From now on a trap of this program writes the capsule to `path`, and then ends it as it would have.
  static func install(_ ring: CapsuleRing, path: String) {
    guard let path = strdup(path) else { return }
    target = CapsuleTarget(regions: ring.regions, path: path)
    for number in [SIGILL, SIGTRAP] {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { number in
        _ = CapsuleFile.write()
        // It ends the process now, also where it was sent and no instruction trapped.
        signal(number, SIG_DFL)
        raise(number)
      }
      sigaction(number, &action, nil)
    }
  }

  /// Returns whether all of it is in the file.
  static func write() -> Bool {
    guard let target else { return false }
    let file = open(target.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { return false }
    let regions = target.regions
    let isWhole =
      put(regions.pointee.head.base, regions.pointee.head.count, to: file)
      && put(regions.pointee.gap.base, regions.pointee.gap.count, to: file)
      && put(regions.pointee.older.base, regions.pointee.older.count, to: file)
      && put(regions.pointee.newer.base, regions.pointee.newer.count, to: file)
    return close(file) == 0 && isWhole
  }

  private static func put(_ base: UnsafeMutableRawPointer, _ count: Int, to file: Int32) -> Bool {
    var done = 0
    while done < count {
      let taken = Glibc.write(file, base + done, count - done)
      guard taken > 0 || errno == EINTR else { return false }
      if taken > 0 { done += taken }
    }
    return true
  }
}
