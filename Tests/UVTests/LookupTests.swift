import UV
import XCTest

final class LookupTests: LoopTestCase {
  func testNumericAndLocalNames() throws {
    for (host, expected) in [("127.0.0.2", "127.0.0.2:99"), ("::1", "[::1]:99"), ("localhost", nil)] {
      var found: [SocketAddress]?
      try Lookup(loop, host: host, port: 99) { found = try? $0.get() }
      XCTAssertNil(found)
      runToEnd()
      XCTAssertEqual(found?.isEmpty, false)
      XCTAssertEqual(found?.allSatisfy { $0.isLoopback && $0.port == 99 }, true)
      XCTAssertEqual(Set(found ?? []).count, found?.count)
      if let expected { XCTAssertEqual(found?.map(\.description), [expected]) }
    }
  }

  func testAnErrorIsTheCompletions() throws {
    var error: UVError?
    // A label of a name has at most 63 bytes (RFC 1035): no name server is asked.
    let host = String(repeating: "x", count: 64)
    try Lookup(loop, host: host, port: 1) { if case .failure(let found) = $0 { error = found } }
    runToEnd()
    XCTAssertNotNil(error)
    XCTAssertThrowsError(try Lookup(loop, host: String(repeating: "x.", count: 300), port: 1) { _ in })
  }

  func testCancelSaysNothingAndLeavesNothing() throws {
    final class Token {}
    weak var gone: Lookup?
    weak var token: Token?
    do {
      let held = Token()
      token = held
      // More than the pool runs at once: some are cancelled while they wait, some while they run.
      let lookups = try (0..<32).map { _ in
        try Lookup(loop, host: "localhost", port: 1) { _ in
          _ = held
          XCTFail("was cancelled")
        }
      }
      gone = lookups[0]
      for lookup in lookups + lookups { lookup.cancel() }
    }
    XCTAssertNil(token)
    runToEnd()
    XCTAssertNil(gone)
  }

  func testCancelAfterItsCompletion() throws {
    var count = 0
    let lookup = try Lookup(loop, host: "127.0.0.1", port: 1) { _ in count += 1 }
    runToEnd()
    lookup.cancel()
    XCTAssertEqual(count, 1)
  }
}
