import Glibc
import UV
import XCTest

import class UV.Stream
import class UV.Timer

/// The process has few descriptors here: the limit is lowered for each test and set back after it.
final class DescriptorShortageTests: LoopTestCase {
  private var usualLimit = 0
  private var fillers: [Int32] = []

  override func setUpWithError() throws {
    try super.setUpWithError()
    usualLimit = descriptorLimit()
  }

  override func tearDown() {
    free()
    setDescriptorLimit(usualLimit)
    super.tearDown()
  }

  private func free() {
    for descriptor in fillers { close(descriptor) }
    fillers = []
  }

  /// Leaves `count` descriptors.
  private func leave(_ count: Int) {
    while case let descriptor = dup(0), descriptor >= 0 { fillers.append(descriptor) }
    for descriptor in fillers.suffix(count) { close(descriptor) }
    fillers.removeLast(count)
  }

  private func lowerLimit(to left: Int) {
    let next = dup(0)
    close(next)
    setDescriptorLimit(Int(next) + left)
  }

  func testWaitingConnectionsSurviveAndNothingSpins() throws {
    lowerLimit(to: 100)
    let acceptor = Acceptor()
    let listener = try Listener(loop, at: .loopback(port: 0), handler: acceptor)
    let clients = try (0..<3).map { _ in
      try Stream.connect(loop, to: listener.address, handler: Recorder())
    }
    leave(0)
    var turns = 0
    let check = CheckHandle(loop) { turns += 1 }
    check.start()
    var isOver = false
    let timer = Timer(loop) { isOver = true }
    timer.start(after: 6 * Listener.retryMilliseconds)
    run { isOver }
    timer.close()
    XCTAssertEqual(Set(acceptor.shortages), [.tooManyOpenFiles])
    XCTAssertEqual(acceptor.streams.count, 0)
    // At most one try a retry time, in few turns: a spin has thousands of both.
    XCTAssertLessThanOrEqual(acceptor.shortages.count, 7)
    XCTAssertLessThan(turns, 30)
    check.close()
    free()
    run { acceptor.streams.count == 3 }
    for stream in clients + acceptor.streams { stream.close() }
    listener.close()
  }

  func testAClosedClientGivesItsPlaceToTheNext() throws {
    lowerLimit(to: 100)
    let acceptor = Acceptor()
    let listener = try Listener(loop, at: .loopback(port: 0), handler: acceptor)
    let clients = try (0..<5).map { _ in
      try Stream.connect(loop, to: listener.address, handler: Recorder())
    }
    leave(2)  // libuv takes one for itself
    acceptor.onShortage = { [unowned acceptor] _ in acceptor.streams.first { $0.isOpen }?.close() }
    run { acceptor.streams.count == 5 }
    XCTAssertEqual(acceptor.streams.filter { $0.isOpen }.count, 1)
    for stream in clients + acceptor.streams { stream.close() }
    listener.close()
  }

  func testTheReserveIsAShortageToo() throws {
    lowerLimit(to: 100)
    let acceptor = Acceptor()
    let listener = try Listener(loop, at: .loopback(port: 0), handler: acceptor)
    let clients = try (0..<2).map { _ in
      try Stream.connect(loop, to: listener.address, handler: Recorder())
    }
    leave(Listener.reservedDescriptors)
    run { acceptor.streams.count == 2 }
    XCTAssertEqual(acceptor.shortages, [.tooManyOpenFiles, .tooManyOpenFiles])
    for stream in clients + acceptor.streams { stream.close() }
    listener.close()
  }

  func testListenerClosedWithinTheShortage() throws {
    for left in [0, 8] {
      lowerLimit(to: 100)
      let acceptor = Acceptor()
      acceptor.onShortage = { $0.close() }
      let listener = try Listener(loop, at: .loopback(port: 0), handler: acceptor)
      let client = try Stream.connect(loop, to: listener.address, handler: Recorder())
      leave(left)
      run { !listener.isOpen }
      XCTAssertEqual(acceptor.shortages.count, 1)
      XCTAssertEqual(acceptor.streams.count, 0)
      client.close()
      free()
    }
  }
}
