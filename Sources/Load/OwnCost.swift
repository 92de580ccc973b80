import Glibc

/// What this process has used of the machine.
struct OwnCost {
  /// User and system time, nanoseconds.
  var cpu: UInt64 = 0
  /// The most memory that it had at any time.
  var residentBytesMax = 0

  static func read() -> OwnCost {
    var usage = rusage()
    guard getrusage(RUSAGE_SELF.rawValue, &usage) == 0 else { return OwnCost() }
    return OwnCost(
      cpu: nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime),
      residentBytesMax: Int(usage.ru_maxrss) * 1024)
  }

  private static func nanoseconds(_ time: timeval) -> UInt64 {
    UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_usec) * 1000
  }
}
