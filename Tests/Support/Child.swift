import Foundation

/// A process that a test started: its output goes to files, and it ends with the test, by its own id; should the
/// test's process die first, the kernel ends it. Not Foundation's `Process`: that waits for what a script leaves
/// running as well.
package final class Child {
  package enum Failure: Error { case spawn(Int32), stillRuns(String) }

  /// What the process reads.
  package enum Input {
    case file(String)
    /// Of this process.
    case descriptor(Int32)

    package static let nothing = Input.file("/dev/null")
  }

  package let pid: pid_t
  private let words: [String]
  private let output: String
  /// Where the output is; it goes after the process.
  private let directory: Directory?
  private var status: Int32?

  /// Starts `words`, the first of which is a path, in `folder`, with nothing but `environment`. What it says is kept in
  /// `output` with `.stdout` and `.stderr` added: files, which what it leaves running may hold open.
  package init(
    _ words: [String], in folder: String, output: String, environment: [String: String],
    input: Input = .nothing, keeping directory: Directory? = nil
  ) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    switch input {
    case .file(let path): posix_spawn_file_actions_addopen(&actions, 0, path, O_RDONLY, 0)
    case .descriptor(let descriptor): posix_spawn_file_actions_adddup2(&actions, descriptor, 0)
    }
    let flags = O_WRONLY | O_CREAT | O_TRUNC
    posix_spawn_file_actions_addopen(&actions, 1, output + ".stdout", flags, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, output + ".stderr", flags, 0o600)

    // Each of these replaces itself by the next: the process that is left is the program.
    let wrapped = ["/usr/bin/env", "-C", folder, "/usr/bin/setpriv", "--pdeathsig", "KILL", "--"] + words
    var pid: pid_t = 0
    let result = withCStrings(wrapped) { argv in
      withCStrings(environment.map { "\($0)=\($1)" }) {
        posix_spawn(&pid, wrapped[0], &actions, nil, argv, $0)
      }
    }
    guard result == 0 else { throw Failure.spawn(result) }
    (self.pid, self.words, self.output, self.directory) = (pid, words, output, directory)
  }

  deinit { end() }

  /// Where SwiftPM put the programs: beside the test bundle that runs.
  package static let products = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent().path

  package var stdout: String { contents(output + ".stdout") }
  package var stderr: String { contents(output + ".stderr") }
}

// Its course and its end
extension Child {
  package var isRunning: Bool { poll() == nil }

  package func signal(_ number: Int32) { if isRunning { kill(pid, number) } }

  /// Exit status, or 128 + the signal that ended it; nil while it runs.
  package func poll() -> Int32? {
    if status != nil { return status }
    var raw: Int32 = 0
    guard waitpid(pid, &raw, WNOHANG) == pid else { return nil }
    status = raw & 0x7f == 0 ? (raw >> 8) & 0xff : 128 + (raw & 0x7f)
    return status
  }

  /// As `poll`, once it has ended.
  package func waitForExit(seconds: Double = 60) throws -> Int32 {
    guard waitUntil(seconds: seconds, { !isRunning }), let status else {
      throw Failure.stillRuns("\(words) after \(seconds) s: \(stderr)")
    }
    return status
  }

  /// Kills it, if it runs.
  package func end() {
    guard isRunning else { return }
    kill(pid, SIGKILL)
    var raw: Int32 = 0
    waitpid(pid, &raw, 0)
    status = 128 + SIGKILL
  }
}

private func withCStrings<Result>(
  _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
  let copies = strings.map { strdup($0) }
  defer { copies.forEach { free($0) } }
  return body(copies + [nil])
}
