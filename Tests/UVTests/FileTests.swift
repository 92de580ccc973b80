import Foundation
import UV
import XCTest

final class FileTests: LoopTestCase {
  private var directory = ""

  override func setUpWithError() throws {
    try super.setUpWithError()
    directory = NSTemporaryDirectory() + "uv-\(UUID().uuidString)"
    try check { FileSystem.makeDirectory(self.loop, self.directory, completion: $0) }
  }

  override func tearDown() {
    super.tearDown()
    try? FileManager.default.removeItem(atPath: directory)
    directory = ""
  }

  /// Runs one operation to its completion, which must not come within the call.
  private func value<Value>(_ start: (@escaping (Result<Value, UVError>) -> Void) -> Void) throws -> Value {
    var result: Result<Value, UVError>?
    start {
      XCTAssertNil(result, "completed twice")
      result = $0
    }
    XCTAssertNil(result, "completed within the call")
    run { result != nil }
    return try XCTUnwrap(result).get()
  }

  private func check(_ start: (@escaping (UVError?) -> Void) -> Void) throws {
    try value { done in start { error in done(error.map { .failure($0) } ?? .success(())) } }
  }

  private func open(_ name: String, _ mode: File.Mode) throws -> File {
    try value { File.open(self.loop, "\(directory)/\(name)", mode, completion: $0) }
  }

  func testWhatIsWrittenIsRead() throws {
    let file = try open("a", [.readWrite, .create, .exclusive])
    let bytes = [UInt8].pattern(300_000)
    try check { file.write(bytes, at: 5, completion: $0) }
    try check { file.write([], at: 0, completion: $0) }
    try check { file.syncData(completion: $0) }
    XCTAssertEqual(try value { file.size(completion: $0) }, 300_005)
    XCTAssertEqual(try value { file.read(5, at: 0, completion: $0) }, [0, 0, 0, 0, 0])
    XCTAssertTrue(try value { file.read(300_000, at: 5, completion: $0) } == bytes)
    XCTAssertEqual(try value { file.read(100, at: 300_000, completion: $0) }, Array(bytes.suffix(5)))
    XCTAssertEqual(try value { file.read(100, at: 300_005, completion: $0) }, [])
    try check { file.truncate(to: 7, completion: $0) }
    XCTAssertEqual(try value { FileSystem.size(self.loop, "\(directory)/a", completion: $0) }, 7)
    try check { file.close(completion: $0) }
  }

  func testNamesInADirectory() throws {
    for name in ["b", "a", "c"] {
      let file = try open(name, [.readWrite, .create])
      try check { file.close(completion: $0) }
    }
    try check { FileSystem.rename(self.loop, "\(directory)/a", to: "\(directory)/z", completion: $0) }
    try check { FileSystem.unlink(self.loop, "\(directory)/c", completion: $0) }
    try check { FileSystem.makeDirectory(self.loop, "\(directory)/d", completion: $0) }
    try check { FileSystem.syncDirectory(self.loop, self.directory, completion: $0) }
    XCTAssertEqual(try value { FileSystem.list(self.loop, self.directory, completion: $0) }, ["b", "d", "z"])
    try check { FileSystem.removeDirectory(self.loop, "\(directory)/d", completion: $0) }
    XCTAssertEqual(try value { FileSystem.list(self.loop, self.directory, completion: $0) }, ["b", "z"])
  }

  func testErrors() throws {
    func expect(_ expected: UVError, _ body: () throws -> Void, line: UInt = #line) {
      XCTAssertThrowsError(try body(), line: line) { XCTAssertEqual($0 as? UVError, expected, line: line) }
    }
    let missing = "\(directory)/none"
    expect(.noSuchFile) { _ = try open("none", .read) }
    expect(.noSuchFile) { try check { FileSystem.unlink(self.loop, missing, completion: $0) } }
    expect(.noSuchFile) { try check { FileSystem.rename(self.loop, missing, to: "/x", completion: $0) } }
    expect(.noSuchFile) { try check { FileSystem.syncDirectory(self.loop, missing, completion: $0) } }
    expect(.noSuchFile) { _ = try value { FileSystem.list(self.loop, missing, completion: $0) } }
    expect(.noSuchFile) { _ = try value { FileSystem.size(self.loop, missing, completion: $0) } }
    expect(.fileExists) { try check { FileSystem.makeDirectory(self.loop, self.directory, completion: $0) } }
    let file = try open("a", [.readWrite, .create])
    expect(.fileExists) { _ = try open("a", [.readWrite, .create, .exclusive]) }
    expect(.notADirectory) { _ = try open("a", [.read, .directory]) }
    try check { file.close(completion: $0) }
    let readOnly = try open("a", .read)
    expect(UVError(code: -EBADF)) { try check { readOnly.write([1], at: 0, completion: $0) } }
    try check { readOnly.close(completion: $0) }
  }

  func testCloseWaitsForWhatIsUnderWay() throws {
    let file = try open("a", [.readWrite, .create])
    var written = 0
    for index in 0..<20 {
      file.write([UInt8](repeating: 1, count: 10_000), at: Int64(index) * 10_000) { error in
        XCTAssertNil(error)
        written += 1
      }
    }
    try check { file.close(completion: $0) }
    XCTAssertEqual(written, 20)
    XCTAssertEqual(try value { FileSystem.size(self.loop, "\(directory)/a", completion: $0) }, 200_000)
  }

  func testALockIsOneProcesssOnly() throws {
    let first = try open("lock", [.readWrite, .create])
    let second = try open("lock", [.readWrite])
    try first.lockExclusively()
    XCTAssertThrowsError(try second.lockExclusively()) { XCTAssertEqual($0 as? UVError, .wouldBlock) }
    try check { first.close(completion: $0) }
    try second.lockExclusively()
    try check { second.close(completion: $0) }
  }

  func testAFileGoesAfterClose() throws {
    weak var gone: File?
    do {
      let file = try open("a", [.readWrite, .create])
      gone = file
      file.write([1], at: 0) { _ in }
      file.close()
    }
    runToEnd()
    XCTAssertNil(gone)
  }
}
