import Bytes
import Foundation
import Journal
import Support
import VSR
import XCTest

@testable import Disk

/// What a crash leaves, made from real files: the directory as it is while a write is under way, with any part of
/// that write. What was told to be durable must be found, in order, and never be called damaged.
final class CrashTests: DiskTestCase {
  /// A moment at which the machine could have stopped.
  private struct Image {
    var files: [String: [UInt8]]
    /// Records told to be durable before, and given.
    var synced: Int
    var given: Int
    var marks: [Mark]
  }

  private static let seeds = UInt64(ProcessInfo.processInfo.environment["DISK_SEEDS"] ?? "") ?? 12

  func testACrashAtAnyMomentLosesNothingThatWasTold() throws {
    var torn = 0
    for seed in 1...CrashTests.seeds {
      var random = Random(state: seed &* 0x1234_5678_9abc_def1)
      for image in try life("\(root)/life-\(seed)", &random) {
        let copy = "\(root)/copy"
        try place(image.files, in: copy)
        let opened = try open(copy).get()
        if case .torn? = opened.notes.first { torn += 1 }
        check(opened, image, "seed \(seed)")
        close(opened.disk)
        try FileManager.default.removeItem(atPath: copy)
      }
    }
    XCTAssertGreaterThan(torn, 0, "no crash tore a write")
  }

  /// Opening itself may be cut short, again and again: the next one finds what the first would have.
  func testACrashWhileOpening() throws {
    for seed in 1...CrashTests.seeds {
      var random = Random(state: seed &* 0x2545_f491_4f6c_dd1d)
      guard var image = try life("\(root)/life-\(seed)", &random).randomElement(using: &random) else {
        continue
      }
      let found = try mark(of: image.files, &image, random.below(30))
      for _ in 0..<3 {
        XCTAssertEqual(try mark(of: image.files, &image, random.below(30)), found, "seed \(seed)")
      }
    }
  }

  /// Opens a copy; the image becomes what the directory was before step `stop` of that.
  private func mark(of files: [String: [UInt8]], _ image: inout Image, _ stop: Int) throws -> Mark {
    let copy = "\(root)/opening"
    try place(files, in: copy)
    var steps = 0
    var left: [String: [UInt8]]?
    let probe = DiskProbe(begins: { [self] _ in
      if steps == stop { left = try? self.files(copy) }
      steps += 1
    })
    let opened = try open(copy, .sample, DiskOptions(small: probe)).get()
    check(opened, image, "interrupted")
    close(opened.disk)
    try FileManager.default.removeItem(atPath: copy)
    image.files = left ?? files
    return Mark(opened.restored)
  }

  private func check(_ opened: OpenedDisk, _ image: Image, _ text: String) {
    for case .damaged(let reason, _) in opened.notes { return XCTFail("\(text): \(reason)") }
    let possible = image.marks[image.synced...image.given]
    XCTAssertTrue(
      possible.contains(Mark(opened.restored)),
      "\(text): head \(opened.restored.log.head), told \(image.synced) of \(image.given)")
  }

  /// One process' life, and some of the moments at which it could have ended.
  private func life(_ directory: String, _ random: inout Random) throws -> [Image] {
    let author = Author()
    let listener = Listener()
    var images: [Image] = []
    var before: [String: [UInt8]] = [:]
    var watched: DiskProbe.Operation?
    var dice = Random(state: random.next())
    let probe = DiskProbe(
      begins: { [self] operation in
        guard watched == nil, dice.isTrue(percent: 20), let files = try? self.files(directory) else { return }
        watched = operation
        before = files
      },
      ended: { [self] operation in
        guard watched == operation, let files = try? self.files(directory) else { return nil }
        watched = nil
        // Writes of records come one batch at a time, so what changed was synced by nobody. Beside any other
        // step they may have come and gone.
        let isAppend = if case .append(.segment, _, _) = operation { true } else { false }
        images.append(
          Image(
            files: CrashTests.mix(isAppend ? before : [:], files, &dice), synced: Int(listener.synced),
            given: author.marks.count - 1, marks: author.marks))
        return nil
      })
    let opened = try open(directory, .sample, DiskOptions(small: probe)).get()
    opened.disk.handler = listener
    images.removeAll()
    opened.disk.record([author.begin()])
    for _ in 0..<40 {
      opened.disk.record((0..<random.below(6)).map { _ in author.next(&random, bodyMax: 8000) })
      opened.disk.flush()
      loop.runOnce()
      snapshot(opened.disk, author, listener, &random)
    }
    close(opened.disk)
    return images
  }

  private func snapshot(
    _ disk: Disk, _ author: Author, _ listener: Listener, _ random: inout Random
  ) {
    guard random.isTrue(percent: 10), let snapshot = author.snapshot, snapshot.op > 0 else { return }
    guard snapshot.op > listener.saved.last ?? 0 else { return }
    // It may hold only what is committed, hence durable: the core's doing, here ours.
    run { listener.synced == UInt64(author.marks.count - 1) }
    disk.save(snapshot)
    run { listener.saved.last == snapshot.op }
    disk.recycle(through: snapshot.op)
    author.recycle(through: snapshot.op)
  }

  /// Any part of what changed: sectors of files that were there, each whole or not at all; names by themselves as
  /// they were after.
  private static func mix(
    _ before: [String: [UInt8]], _ after: [String: [UInt8]], _ random: inout Random
  ) -> [String: [UInt8]] {
    var mixed = after
    for (name, old) in before {
      guard let new = after[name], new.count == old.count, new != old, name.hasSuffix(".log") else {
        continue
      }
      var bytes = old
      let percent = [0, 20, 50, 90].randomElement(using: &random)!
      for start in stride(from: 0, to: old.count, by: 512) where random.isTrue(percent: percent) {
        bytes.replaceSubrange(start..<start + 512, with: new[start..<start + 512])
      }
      mixed[name] = bytes
    }
    // What is a draft counts for nothing, whatever is in it.
    for name in ["segment.new", "snapshot.new", "meta.new"] where mixed[name] != nil {
      mixed[name] = random.noise(random.below(100))
    }
    return mixed
  }
}
