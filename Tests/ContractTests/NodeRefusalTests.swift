import Foundation
import Support
import XCTest

/// What kvnode says where it cannot start, in one line each; and that it then leaves everything as it was.
final class NodeRefusalTests: XCTestCase {
  private var directory: Directory!
  private var port: UInt16 = 0

  override func setUpWithError() throws {
    directory = try Directory()
    port = try freePort()
    try directory.write("127.0.0.1:\(port)\n", to: "servers.txt")
  }

  override func tearDown() { directory = nil }

  private func start(_ arguments: [String], name: String = "other") throws -> Child {
    try Child("kvnode", arguments, in: directory, name: name)
  }

  /// Ends with exit status 1 and this line, and nothing else; so it does for the next who tries.
  private func assertRefused(_ arguments: [String], _ message: String, line: UInt = #line) throws {
    for _ in 0..<2 {
      let child = try start(arguments)
      XCTAssertEqual(try child.waitForExit(), 1, line: line)
      XCTAssertEqual(child.stderr, "ERROR: \(message)\n", line: line)
      XCTAssertEqual(child.stdout, "", line: line)
    }
  }

  /// A data directory that a server has used, and `key=value` in it.
  private func makeData() throws {
    let child = try start(["--data", "data"], name: "first")
    XCTAssertTrue(Node.waitUntilReady(child, port), child.stderr)
    try write("key=value")
    child.signal(SIGTERM)
    XCTAssertEqual(try child.waitForExit(), 0, child.stderr)
  }

  private func write(_ target: String) throws {
    let connection = try Connection(port)
    connection.send("GET /\(target) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    XCTAssertEqual(try connection.reply().status, "200 OK")
  }

  private func assertDataIsWhole(line: UInt = #line) throws {
    try directory.write("127.0.0.1:\(port)\n", to: "servers.txt")
    let child = try start(["--data", "data"], name: "again")
    XCTAssertTrue(Node.waitUntilReady(child, port), child.stderr, line: line)
    let connection = try Connection(port)
    connection.send("GET /key HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    XCTAssertEqual(try connection.reply().body, "key=value", line: line)
    child.signal(SIGTERM)
    XCTAssertEqual(try child.waitForExit(), 0, line: line)
  }

  func testWhatIsNoDataDirectory() throws {
    try directory.write("text", to: "file")
    try assertRefused(["--data", "file"], "file: not a directory")
    XCTAssertEqual(directory.read("file"), "text")
    try assertRefused(["--data", "no/such"], "no/such: cannot make: no such file or directory")
    try assertRefused(["--data", "file/data"], "file/data: cannot make: not a directory")
    try assertRefused(["--data", "/proc/data"], "/proc/data: cannot make: no such file or directory")
    try FileManager.default.createDirectory(
      atPath: directory.path + "/letters", withIntermediateDirectories: true)
    try directory.write("dear", to: "letters/a")
    try assertRefused(
      ["--data", "letters"], "letters: holds other files and no journal; it is left as it is")
    XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: directory.path + "/letters"), ["a"])
  }

  func testADataDirectoryWithoutPermission() throws {
    // Root may write everywhere.
    let nobody = ["/usr/bin/setpriv", "--reuid", "65534", "--clear-groups", "--"]
    guard geteuid() == 0 else { throw XCTSkip("needs root to be somebody else") }
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory.path)
    let words = Array(nobody.dropFirst()) + [Child.products + "/kvnode", "--data", "data"]
    let child = try Child(nobody[0], words, in: directory)
    XCTAssertEqual(try child.waitForExit(), 1)
    XCTAssertEqual(child.stderr, "ERROR: data: cannot make: permission denied\n")
  }

  func testAnotherSetOfServers() throws {
    try makeData()
    try directory.write("127.0.0.1:\(port)\nexample.test:1\n", to: "servers.txt")
    try assertRefused(
      ["--data", "data"],
      "data: belongs to another set of servers than servers.txt names (only in servers.txt: example.test:1): "
        + "put that servers.txt back, or begin anew in another directory")
    try directory.write("127.0.0.1:1\n", to: "servers.txt")
    try assertRefused(
      ["--data", "data"],
      "data: belongs to another set of servers than servers.txt names "
        + "(only there: 127.0.0.1:\(port); only in servers.txt: 127.0.0.1:1): "
        + "put that servers.txt back, or begin anew in another directory")
    try assertDataIsWhole()
  }

  func testAnotherServersDataDirectory() throws {
    let other = "127.0.0.1:1"
    try directory.write("127.0.0.1:\(port)\n\(other)\n", to: "servers.txt")
    let first = try start(["--data", "data"], name: "first")
    XCTAssertTrue(waitUntil(seconds: 20) { first.stderr.contains("event=listening") }, first.stderr)
    first.signal(SIGTERM)
    XCTAssertEqual(try first.waitForExit(), 0)
    try directory.write("\(other)\n127.0.0.1:\(port)\n", to: "servers.txt")
    try assertRefused(
      ["--data", "data"],
      "data: belongs to another server (127.0.0.1:\(port)): "
        + "put that one first in servers.txt, or give this one a directory of its own")
  }

  func testAnotherStoreLimit() throws {
    try makeData()
    try assertRefused(
      ["--data", "data", "--store-limit", "10"],
      "data: made with a store limit of 64 MiB, which cannot be changed there")
    try assertDataIsWhole()
  }

  func testADataDirectoryInUse() throws {
    let first = try start(["--data", "data"], name: "first")
    XCTAssertTrue(Node.waitUntilReady(first, port), first.stderr)
    try write("key=value")
    try assertRefused(["--data", "data"], "data: in use by another process")
    try assertRefused(
      ["--memory"], "cannot listen at 127.0.0.1:\(port): address already in use")
    first.signal(SIGTERM)
    XCTAssertEqual(try first.waitForExit(), 0)
    try assertDataIsWhole()
  }

  /// No room for a journal; with room again it starts.
  func testAFullDisk() throws {
    guard geteuid() == 0 else { throw XCTSkip("needs root for a file system of its own") }
    let path = directory.path + "/full"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    guard mount("tmpfs", path, "tmpfs", 0, "size=64k") == 0 else { throw XCTSkip("no tmpfs here") }
    defer { XCTAssertEqual(umount2(path, Int32(MNT_DETACH)), 0) }
    try assertRefused(
      ["--data", "full/data"], "full/data/segment.new: cannot write: no space left on device")
    XCTAssertEqual(mount("tmpfs", path, "tmpfs", UInt(MS_REMOUNT), "size=256m"), 0)
    let child = try start(["--data", "full/data"])
    XCTAssertTrue(Node.waitUntilReady(child, port), child.stderr)
    child.signal(SIGTERM)
    XCTAssertEqual(try child.waitForExit(), 0)
  }

  func testNonsenseToListenAt() throws {
    for text in ["", ":", "127.0.0.1:", "1.2.3.4:99999", "300.1.1.1", "[::1"] {
      let child = try start(["--memory", "--listen", text])
      XCTAssertEqual(try child.waitForExit(), 2, text)
      XCTAssertEqual(child.stderr, "ERROR: --listen: \"\(text)\" is not ADDR or ADDR:PORT\n")
    }
    try assertRefused(
      ["--memory", "--listen", "no-such.invalid"],
      "cannot listen at no-such.invalid:\(port): unknown node or service")
  }

  /// It waits for its address, and is told to stop.
  func testASignalBeforeTheAddressIsThere() throws {
    for arguments in [["--memory"], ["--data", "data"]] {
      let child = try start(arguments + ["--listen", "192.0.2.1"])
      XCTAssertTrue(waitUntil(seconds: 20) { child.stderr.contains("event=address-awaited") }, child.stderr)
      child.signal(SIGTERM)
      XCTAssertEqual(try child.waitForExit(), 0, child.stderr)
      let lines = child.stderr.split(separator: "\n")
      XCTAssertEqual(lines.count, 2, child.stderr)
      XCTAssertTrue(lines.last?.contains("event=stopping") == true, child.stderr)
    }
  }

  /// Two come together, as the process is stopped till then: the second does not wait for what the first began.
  func testTheSecondSignalEndsItAtOnce() throws {
    let node = try Node()
    for number in [SIGSTOP, SIGTERM, SIGINT, SIGCONT] { node.child.signal(number) }
    let status = try node.child.waitForExit()
    XCTAssertTrue([128 + SIGTERM, 128 + SIGINT].contains(status), "\(status): \(node.child.stderr)")
  }
}
