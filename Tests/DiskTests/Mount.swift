import Foundation
import XCTest

/// A small file system in memory, for what only a full or a read-only one shows. Needs root.
final class Mount {
  let path: String

  init(at path: String, options: String) throws {
    self.path = path
    guard getuid() == 0 else { throw XCTSkip("only root may mount") }
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    guard mount("tmpfs", path, "tmpfs", 0, options) == 0 else {
      throw XCTSkip("no mounting here: \(String(cString: strerror(errno)))")
    }
  }

  func makeReadOnly() throws {
    let flags = UInt(MS_REMOUNT | MS_RDONLY)
    XCTAssertEqual(mount(nil, path, nil, flags, nil), 0, String(cString: strerror(errno)))
  }

  func end() {
    XCTAssertEqual(umount2(path, Int32(MNT_DETACH)), 0)
  }
}
