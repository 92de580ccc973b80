import Bytes
import Foundation
import Journal
import KVStore
import UV
import XCTest

@testable import Disk

/// Directories that cannot be used: one line each, and nothing touched.
final class RefusalTests: DiskTestCase {
  func testOneProcessAtATime() throws {
    let opened = try open().get()
    XCTAssertEqual(refusal(), .inUse(path: directory))
    XCTAssertEqual(refusal()?.message, "\(directory): in use by another process")
    close(opened.disk)
    close(try open().get().disk)
  }

  func testADirectoryOfSomethingElseIsNotTouched() throws {
    try place(["letters.txt": [1, 2]], in: directory)
    XCTAssertEqual(
      refusal()?.message, "\(directory): holds other files and no journal; it is left as it is")
    XCTAssertEqual(try files(), ["letters.txt": [1, 2]])
  }

  func testTheRootOfAFileSystemIsNothingElse() throws {
    try FileManager.default.createDirectory(
      atPath: "\(directory)/lost+found", withIntermediateDirectories: true)
    close(try open().get().disk)
  }

  func testAnothersJournal() throws {
    close(try open().get().disk)
    let files = try files()
    var other = DiskIdentity.sample
    other.address = Array("10.0.0.2:8081".utf8)
    XCTAssertEqual(
      refusal(nil, other)?.message,
      "\(directory): belongs to another server (10.0.0.1:8081): "
        + "put that one first in servers.txt, or give this one a directory of its own")
    other = .sample
    other.cluster = Digest(low: 5, high: 6)
    other.servers[1] = "10.0.0.9:8081"
    XCTAssertEqual(
      refusal(nil, other)?.message,
      "\(directory): belongs to another set of servers than servers.txt names "
        + "(only there: 10.0.0.2:8081; only in servers.txt: 10.0.0.9:8081): "
        + "put that servers.txt back, or begin anew in another directory")
    other = .sample
    other.limits = Limits(storeBytes: 1 << 20)
    XCTAssertEqual(
      refusal(nil, other)?.message,
      "\(directory): made with a store limit of 64 MiB, which cannot be changed there")
    XCTAssertEqual(try self.files(), files)
  }

  /// Directories made before the set was kept in them are as good, but cannot say what differs.
  func testADirectoryThatDoesNotNameItsServers() throws {
    var silent = DiskIdentity.sample
    silent.servers = []
    close(try open(nil, silent).get().disk)
    close(try open().get().disk)
    var other = DiskIdentity.sample
    other.cluster = Digest(low: 5, high: 6)
    XCTAssertEqual(
      refusal(nil, other)?.message,
      "\(directory): belongs to another set of servers than servers.txt names: "
        + "put that servers.txt back, or begin anew in another directory")
  }

  func testANewerVersion() throws {
    close(try open().get().disk)
    var meta = try XCTUnwrap(files()["meta"])
    meta.patch(2 as UInt32, at: 8)
    var sip = SipHash(isWide: false)
    meta.withUnsafeBytes { bytes in
      sip.update(UnsafeRawBufferPointer(rebasing: bytes[..<12]))
      sip.update(UnsafeRawBufferPointer(rebasing: bytes[20...]))
    }
    let check = sip.hash()
    meta.patch(UInt32(truncatingIfNeeded: check), at: 12)
    meta.patch(UInt32(truncatingIfNeeded: check >> 32), at: 16)
    try place(meta, as: "meta")
    let files = try files()
    XCTAssertEqual(refusal()?.message, "\(directory): written by a newer version (2)")
    XCTAssertEqual(try self.files(), files)
  }

  func testWhatIsNoDirectory() throws {
    try place([1], as: "data", in: root)
    XCTAssertEqual(refusal()?.message, "\(directory): not a directory")
    XCTAssertEqual(
      refusal("\(root)/none/data")?.message,
      "\(root)/none/data: cannot make: no such file or directory")
  }

  func testAnUnreadableFileIsNotAnAbsentOne() throws {
    close(try open().get().disk)
    try FileManager.default.removeItem(atPath: "\(directory)/meta")
    try FileManager.default.createDirectory(
      atPath: "\(directory)/meta", withIntermediateDirectories: false)
    let failure = try XCTUnwrap(refusal())
    XCTAssertEqual(failure.message, "\(directory)/meta: cannot read: illegal operation on a directory")
    XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: directory).count, 3, "touched")
  }

  func testAReadOnlyFileSystem() throws {
    let mount = try Mount(at: "\(root)/mount", options: "size=1m")
    defer { mount.end() }
    try mount.makeReadOnly()
    XCTAssertEqual(
      refusal("\(mount.path)/data")?.message, "\(mount.path)/data: cannot make: read-only file system")
    XCTAssertEqual(
      refusal(mount.path)?.message, "\(mount.path)/lock: cannot open: read-only file system")
  }

  func testNoRoomToBegin() throws {
    let mount = try Mount(at: "\(root)/mount", options: "size=32k")
    defer { mount.end() }
    XCTAssertEqual(
      refusal(mount.path)?.message, "\(mount.path)/segment.new: cannot write: no space left on device")
  }
}
