import Bytes
import HTTP
import KVStore
import Support
import UV
import XCTest

import class UV.Stream
import class UV.Timer

@testable import Frontend

/// A backend that only notes what it is asked; the test answers when and as it likes.
final class SilentBackend: Backend {
  struct Asked: Equatable {
    var ticket: UInt64
    /// `key`, or `key=value`, or `-key` for a removal, or `*` for a dump.
    var what: String
    var demand: ConsistencyDemand
    var isConditional = false
  }

  private(set) var asked: [Asked] = []
  /// How many requests each turn brought.
  private(set) var turns: [Int] = []
  private(set) var commands: [OperatorCommand] = []
  /// What else happens while a turn is submitted.
  var onSubmit: (() -> Void)?
  var prefersMany = false
  var report = ServerReport(id: "a:1", version: "0", cluster: "c", incarnation: 1)
  var conflicts = ConflictReport(conflicts: Store(hashKey: HashKey(1, 2)).conflicts, servers: ["a:1"])

  func submit(_ turn: Turn, from frontend: Frontend) {
    turns.append(turn.reads.count + turn.writes.count + turn.dumps.count)
    onSubmit?()
    for read in turn.reads {
      let key = turn.withKey(of: read) { String(decoding: $0, as: UTF8.self) }
      asked.append(Asked(ticket: read.ticket, what: key, demand: read.demand))
    }
    for entry in turn.writes {
      turn.writeBytes[entry.range].withUnsafeBytes { bytes in
        var reader = WriteReader(bytes)
        guard let write = try? reader.next() else { return XCTFail("no write") }
        let key = String(decoding: write.key, as: UTF8.self)
        let what =
          write.kind == .delete ? "-\(key)" : "\(key)=\(String(decoding: write.value, as: UTF8.self))"
        asked.append(
          Asked(
            ticket: entry.ticket, what: what, demand: entry.demand, isConditional: entry.isConditional))
      }
    }
    asked += turn.dumps.map { Asked(ticket: $0.ticket, what: "*", demand: $0.demand) }
  }

  func command(_ command: OperatorCommand) -> CommandAnswer {
    commands.append(command)
    return command == .recover(without: []) ? .wrong("whom?") : .done("done")
  }

  func ticket(_ what: String) -> UInt64 {
    asked.last { $0.what == what }?.ticket ?? 0
  }

  var whats: [String] { asked.map(\.what) }
}

/// A client that notes all it gets.
final class Client: StreamHandler {
  private(set) var stream: Stream!
  private(set) var text = ""
  private(set) var hasEnded = false
  private(set) var hasFailed = false
  private(set) var isConnected = false

  init(_ loop: Loop, _ address: SocketAddress) throws {
    stream = try Stream.connect(loop, to: address, handler: self)
  }

  func send(_ text: String) { stream.write(Array(text.utf8)) }

  /// Whole replies so far, by their Content-Length.
  private var replies: [(head: String, body: String)] = []
  private var rest: [UInt8] = []

  var bodies: [String] { replies.map(\.body) }
  var codes: [String] { replies.map { String($0.head.dropFirst(9).prefix(3)) } }
  var heads: [String] { replies.map(\.head) }
  var replyCount: Int { replies.count }

  private func takeReplies() {
    var taken = 0
    while let end = rest[taken...].firstRange(of: Array("\r\n\r\n".utf8)) {
      let head = String(decoding: rest[taken..<end.lowerBound], as: UTF8.self)
      let length =
        head.split(separator: "\r\n").first { $0.hasPrefix("Content-Length: ") }
        .flatMap { Int($0.dropFirst(16)) } ?? 0
      guard rest.count - end.upperBound >= length else { break }
      let body = rest[end.upperBound..<end.upperBound + length]
      replies.append((head, String(decoding: body, as: UTF8.self)))
      taken = end.upperBound + length
    }
    rest.removeFirst(taken)
  }

  func streamConnected(_ stream: Stream) {
    isConnected = true
    stream.startReading()
  }

  func stream(_ stream: Stream, received bytes: UnsafeRawBufferPointer) {
    text += String(decoding: bytes, as: UTF8.self)
    rest += bytes
    takeReplies()
  }

  func streamEnded(_ stream: Stream) { hasEnded = true }
  func stream(_ stream: Stream, failed error: UVError) { hasFailed = true }
}

/// A test of a frontend on a loop of its own, which must close with nothing left.
class FrontendTestCase: XCTestCase {
  var loop: Loop!
  let backend = SilentBackend()
  var frontend: Frontend!
  var address: SocketAddress!
  private var clients: [Client] = []

  override func setUpWithError() throws {
    ignoreBrokenPipes()
    loop = try Loop()
  }

  override func tearDown() {
    for client in clients { client.stream.close() }
    clients = []
    if let frontend {
      if !frontend.isStopping { frontend.stop {} }
      frontend.stopNow()
    }
    frontend = nil
    XCTAssertEqual(loop.close(), [], "handles left open")
    loop = nil
  }

  func start(_ options: FrontendOptions = FrontendOptions(), _ backend: (any Backend)? = nil) throws {
    frontend = Frontend(loop, options: options, backend: backend ?? self.backend)
    address = try frontend.listen(at: .loopback(port: 0))
  }

  func startWithStore() throws {
    var identity = ServerReport(id: "a:1", version: "0", cluster: "c", incarnation: 7)
    identity.lineage = 5
    try start(
      FrontendOptions(),
      LocalBackend(identity: identity, limits: Limits(), hashKey: HashKey(1, 2)))
  }

  func connect() throws -> Client {
    let client = try Client(loop, address)
    clients.append(client)
    let before = frontend.connectionCount
    run { client.isConnected && frontend.connectionCount > before }
    return client
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

  func answer(_ what: String, _ value: String?, assurance: Assurance = .linearizable) {
    let tag = EntityTag(lineage: 5, number: 9)
    guard let value else {
      return frontend.answerRead(backend.ticket(what), value: nil, tag: nil, assurance: assurance)
    }
    Array(value.utf8).withUnsafeBytes {
      frontend.answerRead(backend.ticket(what), value: $0, tag: tag, assurance: assurance)
    }
  }

  /// Answers a write as a store would whose key had no value.
  func answerWrite(_ what: String, assurance: Assurance = .linearizable) {
    var store = Store(lineage: 5, hashKey: HashKey(1, 2))
    var outcomes = Outcomes()
    let key = Array("k".utf8)
    key.withUnsafeBytes {
      store.execute(
        Write(set: $0, to: $0), identity: .zero, ticket: backend.ticket(what), into: &outcomes)
    }
    frontend.answerWrites(outcomes, lineage: 5, assurance: assurance)
  }
}

func get(_ target: String, _ fields: String = "") -> String {
  "GET /\(target) HTTP/1.1\r\nHost: x\r\n\(fields)\r\n"
}
