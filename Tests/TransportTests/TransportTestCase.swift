import Frontend
import KVStore
import Servers
import Support
import UV
import VSR
import Wire
import XCTest

import class UV.Stream
import class UV.Timer

@testable import Transport

extension PeerTimes {
  /// A peer that says or takes nothing is left alone: no ping flows here.
  static var patient: PeerTimes {
    var times = PeerTimes()
    (times.silence, times.stall) = (60_000, 60_000)
    return times
  }
}

/// A server's network side: clients' port, peers, and what they told.
final class TestServer: PeersHandler, UpgradeHandler {
  enum News: Equatable {
    case received(Message)
    case lost(ServerIndex)
    case noted(PeerEvent)
  }

  let loop: Loop
  private(set) var frontend: Frontend
  let address: SocketAddress
  private(set) var peers: Peers!
  private(set) var news: [News] = []
  /// Upgraded streams go here instead, if set.
  var onUpgrade: ((Stream, [UInt8]) -> Void)?
  var onNews: (News) -> Void = { _ in }
  private var hasStopped = false
  /// The test is within a call to the peers: nothing may be told.
  var isCalling = false

  init(_ loop: Loop, port: UInt16 = 0) throws {
    self.loop = loop
    let identity = ServerReport(id: "a:1", version: "0", cluster: "c", incarnation: 1)
    frontend = Frontend(
      loop, backend: LocalBackend(identity: identity, limits: Limits(), hashKey: HashKey(1, 2)))
    address = try frontend.listen(at: .loopback(port: port))
    frontend.upgradeHandler = self
  }

  var text: String { address.description }

  func join(
    _ others: [String], own: String? = nil, limit: Int = 1000, times: PeerTimes = .patient,
    versions: ClosedRange<UInt8> = WireVersion.spoken
  ) throws {
    let own = own ?? text
    let lines = [own] + others.filter { $0 != own }
    let set = try ServerSet(parsing: Array(lines.joined(separator: "\n").utf8), file: "servers.txt")
    let identity = PeerIdentity(
      incarnation: UInt64(address.port), session: UInt64(address.port) << 16, storeLimit: limit,
      version: "1.2")
    peers = Peers(loop, servers: set, identity: identity, handler: self, times: times, versions: versions)
    call { peers.start() }
  }

  var index: ServerIndex { peers.servers.ownIndex }

  func call(_ body: () -> Void) {
    isCalling = true
    body()
    isCalling = false
  }

  func send(_ payload: Payload, to server: ServerIndex) {
    call { peers.send(message(payload), to: server) }
  }

  func flush() { call { peers.flush() } }

  func message(_ payload: Payload) -> Message {
    Message(from: index, incarnation: 9, epoch: EpochID(number: 1, hash: 2), payload: payload)
  }

  func close() {
    peers?.close()
    if !hasStopped { frontend.stop {} }
    hasStopped = true
  }

  var received: [Payload] {
    news.compactMap { if case .received(let message) = $0 { message.payload } else { nil } }
  }
  var losses: [ServerIndex] {
    news.compactMap { if case .lost(let server) = $0 { server } else { nil } }
  }
  var events: [PeerEvent] {
    news.compactMap { if case .noted(let event) = $0 { event } else { nil } }
  }
  func events(_ name: String) -> [PeerEvent] { events.filter { $0.name == name } }
  func reasons(_ name: String) -> [String] { events(name).map { $0["reason"] ?? "" } }
  func isUp(_ server: ServerIndex) -> Bool { peers.report(on: server).link == .up }

  func forgetNews(_ isOld: (News) -> Bool) { news.removeAll(where: isOld) }

  private func add(_ item: News) {
    XCTAssertFalse(isCalling, "told within a call")
    news.append(item)
    onNews(item)
  }

  func peers(_ peers: Peers, received message: Message) { add(.received(message)) }
  func peers(_ peers: Peers, didLose server: ServerIndex) { add(.lost(server)) }
  func peers(_ peers: Peers, notes event: PeerEvent) { add(.noted(event)) }

  func frontend(_ frontend: Frontend, upgraded stream: Stream, early: UnsafeRawBufferPointer) {
    if let onUpgrade { return onUpgrade(stream, Array(early)) }
    call { if let peers { peers.accept(stream, early: early) } }
  }
}

/// A test of peers on a loop of its own, which must close with nothing left.
class TransportTestCase: XCTestCase {
  private(set) var loop: Loop!
  private var servers: [TestServer] = []
  private var raws: [RawPeer] = []

  override func setUpWithError() throws {
    ignoreBrokenPipes()
    loop = try Loop()
  }

  override func tearDown() {
    for raw in raws { raw.close() }
    for server in servers { server.close() }
    raws = []
    // The frontends end in the loop; then nothing may be left.
    loop.run()
    servers = []
    XCTAssertEqual(loop.close(), [], "handles left open")
    loop = nil
  }

  func server(port: UInt16 = 0) throws -> TestServer {
    let server = try TestServer(loop, port: port)
    servers.append(server)
    return server
  }

  /// Servers of one set, in order of their indexes, all linked.
  func cluster(
    _ count: Int, times: PeerTimes = .patient, file: StaticString = #filePath, line: UInt = #line
  ) throws -> [TestServer] {
    let all = try (0..<count).map { _ in try server() }.sorted { $0.text < $1.text }
    for server in all { try server.join(all.map(\.text), times: times) }
    run(file: file, line: line) { all.allSatisfy(self.isWhollyLinked) }
    return all
  }

  func isWhollyLinked(_ server: TestServer) -> Bool {
    server.peers.servers.members.indices.allSatisfy { $0 == server.index || server.isUp($0) }
  }

  func raw(to server: TestServer) throws -> RawPeer {
    let raw = try RawPeer(loop, calling: server.address)
    raws.append(raw)
    run { raw.isConnected }
    return raw
  }

  /// The hello of the server named `name`, one of `server`'s set.
  func hello(_ name: String, to server: TestServer, versions: ClosedRange<UInt8> = 1...2) -> Hello {
    let set = server.peers.servers
    return Hello(
      versions: versions, digest: set.digest, servers: set.members.map(\.text), own: name,
      addressee: set.own.text, incarnation: 5, session: 6, epochNumber: 0, storeLimit: 1000, program: "raw")
  }

  /// Plays the server `name` through its greetings, but for the last one.
  func greet(_ server: TestServer, as name: String, versions: ClosedRange<UInt8> = 1...2) throws -> RawPeer {
    let raw = try raw(to: server)
    raw.upgrade()
    raw.say(.hello(hello(name, to: server, versions: versions)))
    var greetings: [Greeting] = []
    run { raw.takeReply() }
    run {
      if let greeting = raw.takeGreeting() { greetings.append(greeting) }
      return greetings.count == 2
    }
    guard case .hello = greetings[0] else { XCTFail("no hello"); return raw }
    XCTAssertEqual(greetings[1], .welcome(version: versions.upperBound))
    return raw
  }

  /// The link of the server `name`, played by hand.
  func link(
    _ server: TestServer, as name: String, versions: ClosedRange<UInt8> = 1...2
  ) throws -> RawPeer {
    let raw = try greet(server, as: name, versions: versions)
    raw.say(.welcome(version: versions.upperBound))
    let index = try XCTUnwrap(server.peers.servers.members.firstIndex { $0.text == name })
    run { server.isUp(index) }
    return raw
  }

  /// Seeded (SplitMix64).
  func randomBytes(_ count: Int, _ state: inout UInt64) -> [UInt8] {
    (0..<count).map { _ in
      state &+= 0x9e37_79b9_7f4a_7c15
      var mixed = state
      mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
      return UInt8(truncatingIfNeeded: mixed ^ mixed >> 27)
    }
  }

  func raw(on stream: Stream, _ early: [UInt8]) -> RawPeer {
    let raw = RawPeer(taking: stream, early)
    raws.append(raw)
    return raw
  }

  /// Runs the loop until `condition` holds; fails after a time that only a hang can take.
  func run(file: StaticString = #filePath, line: UInt = #line, _ condition: () -> Bool) {
    var isLate = false
    let guardian = Timer(loop) { isLate = true }
    guardian.start(after: 30_000)
    while !condition(), !isLate { loop.runOnce() }
    guardian.close()
    if isLate { XCTFail("never came", file: file, line: line) }
  }
}

/// The other end of a link, played by hand.
final class RawPeer: StreamHandler {
  private(set) var stream: Stream!
  private(set) var isConnected = false
  /// The peer has ended or reset the connection.
  private(set) var isOver = false
  private(set) var error: UVError?
  /// What came, the reply to the upgrade cut off once it was looked for.
  var bytes: [UInt8] = []

  init(_ loop: Loop, calling address: SocketAddress) throws {
    stream = try Stream.connect(loop, to: address, handler: self)
  }

  init(taking stream: Stream, _ early: [UInt8]) {
    self.stream = stream
    isConnected = true
    bytes = early
    stream.attach(self)
    stream.startReading()
  }

  func close() { stream.close() }

  /// Frames of one message each, as server `from`.
  func send(_ payloads: Payload..., from: ServerIndex) {
    var bytes: [UInt8] = []
    for payload in payloads {
      let message = Message(from: from, incarnation: 5, epoch: .none, payload: payload)
      XCTAssertTrue(writer.put(message, into: &bytes))
    }
    stream.write(bytes)
  }

  var writer = FrameWriter(.two)

  func upgrade() {
    stream.write(UpgradeExchange.request(host: "x:1"))
  }

  func say(_ greetings: Greeting...) {
    var bytes: [UInt8] = []
    for greeting in greetings { bytes.put(greeting) }
    stream.write(bytes)
  }

  /// Cuts the reply off if it is whole.
  func takeReply() -> Bool {
    guard case .upgraded(let count) = UpgradeExchange.judge(bytes[...]) else { return false }
    bytes.removeFirst(count)
    return true
  }

  /// The next greeting, if it is whole.
  func takeGreeting() -> Greeting? {
    guard let (greeting, count) = try? bytes.withUnsafeBytes({ try Greeting.take(from: $0) }) else {
      return nil
    }
    bytes.removeFirst(count)
    return greeting
  }

  func streamConnected(_ stream: Stream) {
    isConnected = true
    stream.startReading()
  }

  /// Pauses after each read, until `readOnce()`.
  var readsOnce = false
  private var isPaused = false

  func readOnce() {
    guard isPaused else { return }
    isPaused = false
    stream.startReading()
  }

  func stream(_ stream: Stream, received bytes: UnsafeRawBufferPointer) {
    self.bytes += bytes
    guard readsOnce else { return }
    isPaused = true
    stream.pauseReading()
  }

  func streamEnded(_ stream: Stream) { isOver = true }
  func stream(_ stream: Stream, failed error: UVError) {
    isOver = true
    self.error = error
  }
}
