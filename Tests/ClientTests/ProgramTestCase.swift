import Foundation
import Support
import UV
import XCTest

/// A loop, scripted servers on it and a directory for the built program to run in, made and ended with each test.
class ProgramTestCase: XCTestCase {
  var loop: Loop!
  var servers: [ScriptedServer] = []
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

  func serve(_ respond: @escaping (ScriptedServer.Request) -> ScriptedServer.Reply) throws {
    servers.append(try ScriptedServer(loop, respond: respond))
  }

  func kvclient(
    _ arguments: [String], environment: [String: String] = [:], stdin: Data? = nil
  ) throws -> ProgramRun {
    try ProgramRun(
      "kvclient", arguments, on: loop, in: directory, environment: environment, stdin: stdin)
  }

  var hosts: [String] { ["-h", servers.map(\.address).joined(separator: ",")] }
}
