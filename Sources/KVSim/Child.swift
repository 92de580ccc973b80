import Glibc

/// This program as a child process, its stdout read through a pipe. It ends when this process does.
final class Child {
  let pid: pid_t
  let descriptor: Int32
  /// The end of a pipe whose other end is its stdin: closed when this process ends, however it does.
  private let lifeline: Int32
  private var rest: [UInt8] = []
  /// The last seed that it began.
  var seed: UInt64?

  /// Nil if the system has no place for another process.
  init?(_ arguments: [String]) {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { return nil }
    var life: [Int32] = [0, 0]
    guard pipe(&life) == 0 else {
      ends.forEach { _ = close($0) }
      return nil
    }
    // No other child is to hold any of them.
    for end in ends + life { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_adddup2(&actions, life[0], 0)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    var argv: [UnsafeMutablePointer<CChar>?] = (["kvsim"] + arguments).map { strdup($0) }
    argv.append(nil)
    var pid: pid_t = 0
    let result = posix_spawn(&pid, "/proc/self/exe", &actions, nil, &argv, environ)
    for argument in argv { free(argument) }
    posix_spawn_file_actions_destroy(&actions)
    close(ends[1])
    close(life[0])
    guard result == 0 else {
      close(ends[0])
      close(life[1])
      return nil
    }
    lifeline = life[1]
    self.pid = pid
    descriptor = ends[0]
  }

  /// Whole lines that have come; nil at the end.
  func read() -> [String]? {
    var buffer = [UInt8](repeating: 0, count: 65536)
    let count = Glibc.read(descriptor, &buffer, buffer.count)
    guard count > 0 else { return nil }
    rest.append(contentsOf: buffer[..<count])
    var lines: [String] = []
    while let end = rest.firstIndex(of: 10) {
      lines.append(String(decoding: rest[..<end], as: UTF8.self))
      rest.removeFirst(end + 1)
    }
    return lines
  }

  /// Waits for its end; returns its exit status, or nil if a signal ended it.
  func wait() -> Int32? {
    close(descriptor)
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    close(lifeline)
    return status & 0x7f == 0 ? (status >> 8) & 0xff : nil
  }

  func end() {
    kill(pid, SIGKILL)
    _ = wait()
  }
}
