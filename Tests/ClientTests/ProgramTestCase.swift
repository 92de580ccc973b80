import Foundation
import UV
import XCTest

/// A loop, scripted servers on it and a directory for the built program to run in, made and ended with each test.
class ProgramTestCase: XCTestCase {
  var loop: Loop!
  var servers: [FakeServer] = []
  var refusing: [RefusingPort] = []
  var directory: URL!

  override func setUpWithError() throws {
    loop = try Loop()
    directory = FileManager.default.temporaryDirectory.appendingPathComponent("kvclient-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  }

  override func tearDownWithError() throws {
    servers.forEach { $0.close() }
    servers = []
    refusing = []
    XCTAssertEqual(loop.close(), [], "handles left")
    loop = nil
    try FileManager.default.removeItem(at: directory)
  }

  func serve(_ respond: @escaping (FakeRequest) -> FakeServer.Reply) throws {
    servers.append(try FakeServer(loop, respond: respond))
  }

  var hosts: [String] { ["-h", servers.map(\.address).joined(separator: ",")] }
}
