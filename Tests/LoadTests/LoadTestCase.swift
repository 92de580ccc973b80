import Foundation
import Servers
import Support
import UV
import XCTest

@testable import Load

/// A loop with scripted servers on it, made and ended with each test.
class LoadTestCase: XCTestCase {
  var loop: Loop!
  var servers: [StoreServer] = []
  var directory: URL!

  override func setUpWithError() throws {
    ignoreBrokenPipes()
    loop = try Loop()
    directory = FileManager.default.temporaryDirectory.appendingPathComponent("kvload-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  }

  override func tearDownWithError() throws {
    servers.forEach { $0.close() }
    servers = []
    XCTAssertEqual(loop.close(), [], "handles left")
    loop = nil
    try FileManager.default.removeItem(at: directory)
  }

  @discardableResult
  func serve(_ decide: @escaping (StoreServer.Request) -> StoreServer.Act = { _ in .serve }) throws
    -> StoreServer
  {
    let server = try StoreServer(loop) { request in
      request.key.hasPrefix("-/") ? .answer(404) : decide(request)
    }
    servers.append(server)
    return server
  }

  /// Small, quick and from a seed; `change` makes it what the test needs.
  func options(_ change: (inout LoadOptions) -> Void = { _ in }) -> LoadOptions {
    var options = LoadOptions()
    options.pace = .closed
    options.connections = 4
    options.keys = 10
    options.extent = .requests(200)
    options.timeoutNanoseconds = 10_000_000_000
    change(&options)
    return options
  }

  /// Runs the load to its end.
  func drive(
    _ options: LoadOptions, hosts: [String]? = nil, file: StaticString = #filePath, line: UInt = #line,
    _ prepare: (LoadRun) -> Void = { _ in }
  ) throws -> LoadResult {
    let addresses = try (hosts ?? servers.map(\.address)).map {
      try ServerAddress(parsing: Array($0.utf8)[...])
    }
    let run = LoadRun(loop, options, hosts: addresses)
    var result: LoadResult?
    run.onEnd = { result = $0 }
    prepare(run)
    try run.start { XCTFail("\($0)", file: file, line: line) }
    loop.wait("the end of the load", file: file, line: line) { result != nil }
    return try XCTUnwrap(result, file: file, line: line)
  }
}
