import Foundation
import Support
import XCTest

/// A directory for what a test's scripts leave behind, and the end of every server they started there, by its
/// own pid, also when the test's process dies.
class ScriptTestCase: XCTestCase {
  private(set) var directory: URL!
  private var keeper: Child!
  private var keeperInput: Int32 = -1

  static let top = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  /// Where SwiftPM put the programs: beside the test bundle that runs.
  static let products = URL(fileURLWithPath: Child.products)

  static func script(_ name: String) -> String { top.appendingPathComponent("scripts/\(name)").path }
  static func program(_ name: String) -> String { products.appendingPathComponent(name).path }

  override func setUpWithError() throws {
    directory = FileManager.default.temporaryDirectory.appendingPathComponent("scripts-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    try startKeeper()
  }

  override func tearDownWithError() throws {
    close(keeperInput)
    XCTAssertEqual(try keeper.waitForExit(), 0, keeper.stderr)
    try FileManager.default.removeItem(at: directory)
  }

  /// Servers have sessions of their own and outlive the script. The keeper waits for the end of its input, at
  /// the latest that of this process, and kills those that the pid files below the directory name.
  private func startKeeper() throws {
    var ends: [Int32] = [-1, -1]
    XCTAssertEqual(pipe(&ends), 0)
    for end in ends { XCTAssertEqual(fcntl(end, F_SETFD, FD_CLOEXEC), 0) }
    keeperInput = ends[1]
    let script = """
      read -r _
      { find "$1" -name keeper.pid; find "$1" -name kvnode.pid; find "$1" -name pid; find "$1" -name dhcp.pid; } | while read -r file; do
        read -r pid start <"$file"
        set -- $(sed 's/^.*) //' "/proc/$pid/stat" 2>/dev/null)
        if [ "${20-}" = "$start" ]; then kill -s KILL "$pid"; fi
      done
      """
    // In a session of its own, and with no death signal: it has work to do when this process has died.
    keeper = try Child(
      [
        "/usr/bin/setpriv", "--pdeathsig", "clear", "/usr/bin/setsid", "/bin/sh", "-c", script, "keeper",
        directory.path,
      ],
      in: directory, environment: environment, input: .descriptor(ends[0]))
    close(ends[0])
  }

  // MARK: files

  func path(_ name: String) -> String { directory.appendingPathComponent(name).path }

  func read(_ name: String) -> String { (try? String(contentsOfFile: path(name), encoding: .utf8)) ?? "" }

  func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

  func write(_ text: String, to name: String, executable: Bool = false) throws {
    try FileManager.default.createDirectory(
      at: directory.appendingPathComponent(name).deletingLastPathComponent(),
      withIntermediateDirectories: true)
    try Data(text.utf8).write(to: directory.appendingPathComponent(name))
    if executable {
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path(name))
    }
  }

  /// The pid in a pid file, 0 without one.
  func pid(_ file: String) -> pid_t {
    read(file).split(separator: " ").first.flatMap { pid_t($0) } ?? 0
  }

  /// A program in place of kvnode that serves alone, whatever servers.txt says: what is tested are scripts.
  func loneServer() throws -> String {
    try write(
      """
      #!/bin/sh
      head -n 1 servers.txt >alone.txt
      exec "\(Self.program("kvnode"))" --servers alone.txt "$@"

      """, to: "lone-kvnode", executable: true)
    return path("lone-kvnode")
  }

  // MARK: running

  /// What scripts get to see of the environment, apart from what a test adds.
  var environment: [String: String] {
    ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "LC_ALL": "C.UTF-8"]
  }

  func run(
    _ words: [String], _ further: [String: String] = [:], in folder: URL? = nil, seconds: Double = 60
  ) throws -> ScriptRun {
    try ScriptRun(
      words, in: folder ?? directory, environment: environment.merging(further) { $1 }, seconds: seconds)
  }

  /// A failure is exactly one line on stderr, and nothing on stdout.
  func assertFails(
    _ run: ScriptRun, _ status: Int32, _ message: String, _ what: String = "", file: StaticString = #filePath,
    line: UInt = #line
  ) {
    XCTAssertEqual(run.status, status, "\(what): \(run.stderr)", file: file, line: line)
    XCTAssertEqual(run.stdout, "", what, file: file, line: line)
    XCTAssertEqual(run.stderr, "ERROR: \(message)\n", what, file: file, line: line)
  }

  /// A directory with nothing but busybox's programs, for a PATH; skips the test where there is no busybox.
  func busyboxPath() throws -> String {
    guard FileManager.default.isExecutableFile(atPath: "/bin/busybox") else {
      throw XCTSkip("no /bin/busybox here")
    }
    let bin = path("busybox")
    try FileManager.default.createDirectory(atPath: bin, withIntermediateDirectories: true)
    XCTAssertEqual(try run(["/bin/busybox", "--install", "-s", bin]).status, 0)
    // As on a machine that has neither: the scripts must find another way.
    for name in ["wget", "nc"] { try? FileManager.default.removeItem(atPath: bin + "/" + name) }
    return bin
  }
}
