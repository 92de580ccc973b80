import Foundation

/// A process of a trial. It ends with the trial, by its own id; should the test's process die first, the
/// kernel ends it.
final class TrialProcess {
  enum Failure: Error { case spawn(Int32, [String]) }

  let pid: pid_t
  private var status: Int32?

  /// Starts a program, found in PATH unless it is a path. `prefix`: words before it that become it, such as
  /// those of `nsenter`. The output is appended to files.
  init(
    _ program: [String], prefix: [String] = [], in directory: String = "/", stdout: String = "/dev/null",
    stderr: String = "/dev/null"
  ) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let flags = O_WRONLY | O_CREAT | O_APPEND
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, stdout, flags, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, stderr, flags, 0o600)
    // Each of these replaces itself by the next: the process that is left is the program.
    let words =
      ["/usr/bin/env", "-C", directory] + prefix + ["setpriv", "--pdeathsig", "KILL", "--"] + program
    pid = try Self.spawn(words, &actions)
  }

  /// Starts a program by its path, in the namespaces and the directory of this thread. It ends by itself soon.
  init(brief program: [String], stdout: String, stderr: String) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let flags = O_WRONLY | O_CREAT | O_TRUNC
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, stdout, flags, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, stderr, flags, 0o600)
    pid = try Self.spawn(program, &actions)
  }

  private static func spawn(_ words: [String], _ actions: inout posix_spawn_file_actions_t) throws -> pid_t {
    var variables = ProcessInfo.processInfo.environment
    variables["KV_HOSTS"] = nil
    variables["KV_OUTPUT"] = nil
    var pid: pid_t = 0
    let result = withCStrings(words) { argv in
      withCStrings(variables.map { "\($0)=\($1)" }) { envp in
        posix_spawn(&pid, words[0], &actions, nil, argv, envp)
      }
    }
    guard result == 0 else { throw Failure.spawn(result, words) }
    return pid
  }

  deinit { end() }

  /// Exit status, or 128 + the signal that ended it; nil while it runs.
  var exitStatus: Int32? {
    if status == nil {
      var raw: Int32 = 0
      if waitpid(pid, &raw, WNOHANG) == pid { take(raw) }
    }
    return status
  }

  func signal(_ number: Int32) { if exitStatus == nil { kill(pid, number) } }

  /// Kills it and waits for its end, which is at hand.
  func end() {
    guard exitStatus == nil else { return }
    kill(pid, SIGKILL)
    var raw: Int32 = 0
    waitpid(pid, &raw, 0)
    take(raw)
  }

  private func take(_ raw: Int32) { status = raw & 0x7f == 0 ? (raw >> 8) & 0xff : 128 + (raw & 0x7f) }

  /// Where SwiftPM put the programs: beside the test bundle that runs.
  static let products = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent().path
}

private func withCStrings<Result>(
  _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
  let copies = strings.map { strdup($0) }
  defer { copies.forEach { free($0) } }
  return body(copies + [nil])
}
