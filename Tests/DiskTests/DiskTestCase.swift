import Bytes
import Foundation
import Journal
import KVStore
import UV
import VSR
import XCTest

import class UV.Timer

@testable import Disk

let smallLayout = SegmentLayout(segmentSize: SegmentLayout.segmentSizeMin)

/// A test with a directory and a loop of its own, which must close with nothing left.
class DiskTestCase: XCTestCase {
  private(set) var loop: Loop!
  /// Where data directories go; removed in the end.
  private(set) var root = ""
  /// The data directory, not made yet.
  var directory: String { root + "/data" }

  override func setUpWithError() throws {
    loop = try Loop()
    root = NSTemporaryDirectory() + "disk-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: false)
  }

  override func tearDown() {
    XCTAssertEqual(loop.close(), [], "handles left open")
    loop = nil
    try? FileManager.default.removeItem(atPath: root)
  }

  /// Runs the loop until `condition` holds; fails after a time that only a hang can take.
  func run(file: StaticString = #filePath, line: UInt = #line, until condition: () -> Bool) {
    var isLate = false
    let guardian = Timer(loop) { isLate = true }
    guardian.start(after: 60_000)
    while !condition(), !isLate { loop.runOnce() }
    guardian.close()
    if isLate { XCTFail("never came", file: file, line: line) }
  }

  func open(
    _ directory: String? = nil, _ identity: DiskIdentity = .sample, _ options: DiskOptions = .small,
    file: StaticString = #filePath, line: UInt = #line
  ) -> Result<OpenedDisk, DiskFailure> {
    var result: Result<OpenedDisk, DiskFailure>?
    Disk.open(loop, directory: directory ?? self.directory, identity: identity, options: options) {
      XCTAssertNil(result, "opened twice", file: file, line: line)
      result = $0
    }
    XCTAssertNil(result, "opened within the call", file: file, line: line)
    run(file: file, line: line) { result != nil }
    return result!
  }

  func close(_ disk: Disk) {
    var isClosed = false
    disk.close { isClosed = true }
    run { isClosed }
  }

  /// Expects a refusal.
  func refusal(
    _ directory: String? = nil, _ identity: DiskIdentity = .sample, _ options: DiskOptions = .small,
    file: StaticString = #filePath, line: UInt = #line
  ) -> DiskFailure? {
    switch open(directory, identity, options, file: file, line: line) {
    case .failure(let failure): return failure
    case .success(let opened):
      close(opened.disk)
      XCTFail("opened: \(opened.notes)", file: file, line: line)
      return nil
    }
  }

  /// The bytes of the files in a directory, by name.
  func files(_ directory: String? = nil) throws -> [String: [UInt8]] {
    let directory = directory ?? self.directory
    var files: [String: [UInt8]] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: directory) {
      guard let data = FileManager.default.contents(atPath: "\(directory)/\(name)") else { continue }
      files[name] = Array(data)
    }
    return files
  }

  /// Makes a directory of these files.
  func place(_ files: [String: [UInt8]], in directory: String) throws {
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
    for (name, bytes) in files { try place(bytes, as: name, in: directory) }
  }

  func place(_ bytes: [UInt8], as name: String, in directory: String? = nil) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: "\(directory ?? self.directory)/\(name)"))
  }
}

extension DiskOptions {
  static var small: DiskOptions { DiskOptions(layout: smallLayout) }

  init(small probe: DiskProbe) {
    self.init(layout: smallLayout)
    self.probe = probe
  }
}

extension DiskIdentity {
  static let sample = DiskIdentity(
    cluster: Digest(low: 1, high: 2), address: Array("10.0.0.1:8081".utf8), serverCount: 3, limits: Limits(),
    hashKey: HashKey(3, 4), freshIncarnation: 77,
    servers: ["10.0.0.1:8081", "10.0.0.2:8081", "10.0.0.3:8081"])

  static func fresh(_ incarnation: UInt64) -> DiskIdentity {
    var identity = sample
    identity.freshIncarnation = incarnation
    return identity
  }
}

/// What a disk's owner hears.
final class Listener: DiskHandler {
  private(set) var synced: JournalPosition = 0
  private(set) var saved: [Op] = []
  private(set) var failures: [DiskFailure] = []
  var onSynced: (Disk) -> Void = { _ in }
  var onSaved: (Disk) -> Void = { _ in }

  func disk(_ disk: Disk, syncedThrough position: JournalPosition) {
    XCTAssertGreaterThan(position, synced, "told twice")
    XCTAssertEqual(failures, [], "told after a failure")
    synced = position
    onSynced(disk)
  }

  func disk(_ disk: Disk, saved op: Op) {
    XCTAssertEqual(failures, [], "told after a failure")
    saved.append(op)
    onSaved(disk)
  }

  func disk(_ disk: Disk, failed failure: DiskFailure) {
    failures.append(failure)
    XCTAssertEqual(failures, [failure], "told twice")
  }
}
