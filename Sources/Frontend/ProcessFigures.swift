import Glibc

/// What the system says of this process (proc(5)). A figure that cannot be had is 0.
struct ProcessFigures {
  var residentBytes = 0
  var openDescriptors = 0
  /// User and system time, nanoseconds.
  var cpuNanoseconds: UInt64 = 0
  var threads = 0

  static func read() -> ProcessFigures {
    var figures = ProcessFigures()
    let memory = fields(of: "/proc/self/statm")
    if memory.count > 1 { figures.residentBytes = (Int(memory[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE)) }
    // The name, in parentheses, may hold spaces: fields are counted from after it; the next is the third.
    let stat = text(of: "/proc/self/stat")
    if let name = stat.lastIndex(of: ")") {
      let rest = stat[stat.index(after: name)...].split(separator: " ")
      if rest.count > 17 { figures.threads = Int(rest[17]) ?? 0 }
    }
    var usage = rusage()
    if getrusage(RUSAGE_SELF.rawValue, &usage) == 0 {
      figures.cpuNanoseconds = nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime)
    }
    figures.openDescriptors = entries(of: "/proc/self/fd")
    return figures
  }

  private static func nanoseconds(_ time: timeval) -> UInt64 {
    UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_usec) * 1000
  }

  private static func fields(of path: String) -> [Substring] {
    text(of: path).split(separator: " ")
  }

  private static func text(of path: String) -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return "" }
    defer { close(file) }
    let bytes = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
      count = max(0, Glibc.read(file, buffer.baseAddress, buffer.count))
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Without `.`, `..` and the descriptor that does the counting.
  private static func entries(of path: String) -> Int {
    guard let directory = opendir(path) else { return 0 }
    defer { closedir(directory) }
    var count = 0
    while readdir(directory) != nil { count += 1 }
    return max(0, count - 3)
  }
}
