import Disk
import Foundation
import Frontend
import KVStore
import Servers
import UV
import VSR
import XCTest

@testable import Replication

/// Several servers in one process and on one loop, each with its own clients' side on loopback.
final class Cluster {
  let loop: Loop
  private(set) var servers: [TestServer?] = []
  private let addresses: [String]
  /// Nil: in memory.
  private let directory: URL?

  init(_ count: Int, isDurable: Bool = false) throws {
    let loop = try Loop()
    self.loop = loop
    // Ports that were free a moment ago.
    let probe = Refuser()
    let listeners = try (0..<count).map { _ in
      try Listener(loop, at: SocketAddress("127.0.0.1", port: 0)!, handler: probe)
    }
    addresses = listeners.map { "127.0.0.1:\($0.address.port)" }
    for listener in listeners { listener.close() }
    loop.poll()
    directory =
      isDurable
      ? FileManager.default.temporaryDirectory.appendingPathComponent("quorate-\(UUID().uuidString)") : nil
    if let directory {
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }
    servers = Array(repeating: nil, count: count)
  }

  func start(_ index: Int) throws {
    let list = [addresses[index]] + addresses.enumerated().filter { $0.offset != index }.map(\.element)
    let set = try ServerSet(parsing: Array(list.joined(separator: "\n").utf8), file: "servers.txt")
    let server = TestServer(loop, set)
    let path = directory?.appendingPathComponent("\(index)").path
    try server.start(path)
    servers[index] = server
  }

  func startAll() throws {
    for index in servers.indices { try start(index) }
    try wait("all serve") { self.servers.allSatisfy { $0?.driver?.report.isLinearizable == true } }
  }

  func stop(_ index: Int) throws {
    guard let server = servers[index] else { return }
    servers[index] = nil
    var isStopped = false
    server.stop { isStopped = true }
    try wait("a server stops") { isStopped }
  }

  func driver(_ index: Int) throws -> ReplicaDriver {
    try XCTUnwrap(servers[index]?.driver)
  }

  /// Runs the loop until `condition` holds.
  func wait(_ what: String, seconds: Double = 30, until condition: () -> Bool) throws {
    let deadline = Date().addingTimeInterval(seconds)
    while !condition() {
      guard Date() < deadline else { throw Failure.timeout(what) }
      loop.runOnce()
    }
  }

  /// One request on a connection of its own; the reply whole.
  func request(_ index: Int, _ text: String) throws -> String {
    let address = try XCTUnwrap(SocketAddress("127.0.0.1", port: port(index)))
    let exchange = try Exchange(loop, address, text)
    try wait("an answer to \(text.prefix(40))") { exchange.isOver }
    return String(decoding: exchange.bytes, as: UTF8.self)
  }

  func get(_ index: Int, _ path: String, headers: String = "") throws -> String {
    try request(index, "GET \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\(headers)\r\n")
  }

  /// The body of a reply, after its blank line; asked for in HTTP/1.0, which knows no chunks.
  func body(_ index: Int, _ path: String) throws -> String {
    let reply = try request(index, "GET \(path) HTTP/1.0\r\nHost: x\r\n\r\n")
    return reply.range(of: "\r\n\r\n").map { String(reply[$0.upperBound...]) } ?? ""
  }

  func post(_ index: Int, _ path: String, _ body: String) throws -> String {
    try request(
      index,
      "POST \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    )
  }

  func address(_ index: Int) -> String { addresses[index] }

  private func port(_ index: Int) throws -> UInt16 {
    try XCTUnwrap(UInt16(addresses[index].split(separator: ":")[1]))
  }

  /// Ends everything, and fails on what was left over.
  func tearDown() throws {
    for index in servers.indices { try stop(index) }
    XCTAssertEqual(loop.close(), [])
    if let directory { try FileManager.default.removeItem(at: directory) }
  }

  enum Failure: Error { case timeout(String) }
}

private final class Refuser: ListenerHandler {
  func listener(_ listener: Listener, accepted stream: UV.Stream) {}
  func listener(_ listener: Listener, isShortOf error: UVError) {}
}

/// One server of a test's cluster.
final class TestServer: ReplicaDriverOwner {
  private let loop: Loop
  private let set: ServerSet
  private(set) var driver: ReplicaDriver?
  private(set) var frontend: Frontend?
  private(set) var notes: [Note] = []
  private(set) var failure: String?

  init(_ loop: Loop, _ set: ServerSet) {
    (self.loop, self.set) = (loop, set)
  }

  func start(_ path: String?) throws {
    let hashKey = HashKey(1, 2)
    guard let path else {
      return try serve(.nothing(), nil, hashKey)
    }
    var result: Result<OpenedDisk, DiskFailure>?
    let identity = DiskIdentity(
      cluster: set.digest, address: Array(set.own.text.utf8), serverCount: set.count, limits: Limits(),
      hashKey: hashKey, freshIncarnation: randomNumber())
    Disk.open(loop, directory: path, identity: identity) { result = $0 }
    while result == nil { loop.runOnce() }
    let opened = try XCTUnwrap(result).get()
    try serve(opened.restored, opened.disk, hashKey)
  }

  private func serve(_ restored: Restored, _ disk: Disk?, _ hashKey: HashKey) throws {
    let driver = ReplicaDriver(
      loop, servers: set, options: DriverOptions(version: "test", limits: Limits(), hashKey: hashKey),
      restored: restored, disk: disk, owner: self)
    let frontend = Frontend(loop, backend: driver)
    try frontend.listen(at: XCTUnwrap(SocketAddress(set.own.host, port: set.own.port)))
    driver.start(answering: frontend)
    (self.driver, self.frontend) = (driver, frontend)
  }

  func stop(_ completion: @escaping () -> Void) {
    guard let driver, let frontend else { return completion() }
    frontend.stop { driver.stop(completion) }
  }

  func driver(_ driver: ReplicaDriver, notes note: Note) { notes.append(note) }
  func driver(_ driver: ReplicaDriver, failed reason: String) { failure = reason }
}

/// One request and all that comes back.
private final class Exchange: StreamHandler {
  private(set) var bytes: [UInt8] = []
  private(set) var isOver = false
  private var stream: UV.Stream?

  init(_ loop: Loop, _ address: SocketAddress, _ text: String) throws {
    let stream = try UV.Stream.connect(loop, to: address, handler: self)
    stream.write(Array(text.utf8))
    self.stream = stream
  }

  func streamConnected(_ stream: UV.Stream) { stream.startReading() }
  func stream(_ stream: UV.Stream, received bytes: UnsafeRawBufferPointer) {
    self.bytes.append(contentsOf: bytes)
  }
  func streamEnded(_ stream: UV.Stream) { end() }
  func stream(_ stream: UV.Stream, failed error: UVError) { end() }

  private func end() {
    isOver = true
    stream?.close()
    stream = nil
  }
}
