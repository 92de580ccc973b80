import UV
import XCTest

/// A server on loopback that does what the test says, request by request, on the test's own loop.
final class FakeServer: ListenerHandler {
  enum Reply {
    /// Status, fields (each `Name: value`), body; kept alive.
    case answer(Int, [String] = [], String = "")
    /// These bytes, and no more.
    case raw(String)
    /// These bytes, then the end of the connection.
    case rawAndClose(String)
    case silence
    case reset
    case close
  }

  private(set) var requests: [FakeRequest] = []
  private(set) var connections = 0
  private var listener: Listener?
  private var streams: [FakeConnection] = []
  fileprivate let respond: (FakeRequest) -> Reply
  let port: UInt16

  init(_ loop: Loop, respond: @escaping (FakeRequest) -> Reply) throws {
    self.respond = respond
    let relay = Relay()
    let listener = try Listener(loop, at: .loopback(port: 0), handler: relay)
    port = listener.address.port
    self.listener = listener
    relay.server = self
  }

  var address: String { "127.0.0.1:\(port)" }

  func close() {
    listener?.close()
    listener = nil
    for connection in streams { connection.stream.close() }
    streams.removeAll()
  }

  /// Bytes to whoever connected last.
  func send(_ text: String) {
    streams.last?.stream.write(Array(text.utf8))
  }

  func listener(_ listener: Listener, accepted stream: UV.Stream) {
    connections += 1
    streams.append(FakeConnection(stream, server: self))
  }

  func listener(_ listener: Listener, isShortOf error: UVError) { XCTFail("\(error)") }

  fileprivate func reply(to request: FakeRequest) -> Reply {
    requests.append(request)
    return respond(request)
  }
}

/// The listener's port is known only once it stands, and it wants its handler before.
private final class Relay: ListenerHandler {
  weak var server: FakeServer?

  func listener(_ listener: Listener, accepted stream: UV.Stream) {
    server?.listener(listener, accepted: stream)
  }

  func listener(_ listener: Listener, isShortOf error: UVError) { XCTFail("\(error)") }
}

struct FakeRequest {
  let line: String
  let fields: [String: String]
  let body: String

  var idempotencyKey: String { fields["idempotency-key"] ?? "" }
}

private final class FakeConnection: StreamHandler {
  let stream: UV.Stream
  private weak var server: FakeServer?
  private var received: [UInt8] = []
  private var hasEnded = false

  init(_ stream: UV.Stream, server: FakeServer) {
    self.stream = stream
    self.server = server
    stream.attach(self)
    stream.startReading()
  }

  func stream(_ stream: UV.Stream, received bytes: UnsafeRawBufferPointer) {
    received += bytes
    while !hasEnded, let request = takeRequest() {
      guard let reply = server?.reply(to: request) else { return }
      perform(reply)
    }
  }

  func streamEnded(_ stream: UV.Stream) { stream.close() }
  func stream(_ stream: UV.Stream, failed error: UVError) {}

  private func perform(_ reply: FakeServer.Reply) {
    switch reply {
    case .answer(let status, let fields, let body):
      let head = ["HTTP/1.1 \(status) X", "Content-Length: \(body.utf8.count)"] + fields
      stream.write(Array((head.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8))
    case .raw(let text): stream.write(Array(text.utf8))
    case .rawAndClose(let text):
      stream.write(Array(text.utf8))
      hasEnded = true
      stream.shutdown()
    case .silence: break
    case .reset: stream.reset()
    case .close: stream.close()
    }
  }

  private func takeRequest() -> FakeRequest? {
    let text = String(decoding: received, as: UTF8.self)
    guard let end = text.range(of: "\r\n\r\n") else { return nil }
    let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
    var fields: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.components(separatedBy: ": ")
      fields[parts[0].lowercased()] = parts.dropFirst().joined(separator: ": ")
    }
    let head = text[..<end.upperBound].utf8.count
    let length = Int(fields["content-length"] ?? "0")!
    guard received.count >= head + length else { return nil }
    let body = String(decoding: received[head..<(head + length)], as: UTF8.self)
    received.removeFirst(head + length)
    return FakeRequest(line: lines[0], fields: fields, body: body)
  }
}

extension Loop {
  /// Turns the loop until the condition holds; fails after ten seconds.
  func wait(_ what: String, file: StaticString = #filePath, line: UInt = #line, until isMet: () -> Bool) {
    var isLate = false
    let limit = UV.Timer(self) { isLate = true }
    limit.start(after: 10_000)
    while !isMet() && !isLate { runOnce() }
    limit.close()
    if !isMet() { XCTFail("waited in vain for: \(what)", file: file, line: line) }
  }
}
