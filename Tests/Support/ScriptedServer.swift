import Foundation
import UV
import XCTest

/// An HTTP server on loopback, on the test's own loop, that does what the test says, request by request.
package final class ScriptedServer: ListenerHandler {
  package indirect enum Reply {
    /// Status, fields (each `Name: value`), body; kept alive.
    case answer(Int, [String] = [], String = "")
    /// These bytes, and no more.
    case raw(String)
    /// These bytes, then the end of the connection.
    case rawAndClose(String)
    /// So many milliseconds later.
    case later(UInt64, Reply)
    /// An answer in pieces of so many bytes, each in a turn of its own.
    case pieces(Int, Reply)
    /// After the reply to the next request of the connection.
    case swapped(Reply)
    case silence
    case reset
    case close
  }

  package struct Request {
    package let line: String
    /// Names in lower case.
    package let fields: [String: String]
    package let body: String
    /// From 0, over all connections.
    package let number: Int
    package let connection: Int

    package var words: [String] { line.components(separatedBy: " ") }
    package var idempotencyKey: String { fields["idempotency-key"] ?? "" }
  }

  package private(set) var requests: [Request] = []
  package private(set) var connections = 0
  package var respond: (Request) -> Reply
  package let port: UInt16
  fileprivate let loop: Loop
  private var listener: Listener?
  private var open: [ScriptedConnection] = []

  package init(_ loop: Loop, respond: @escaping (Request) -> Reply) throws {
    self.loop = loop
    self.respond = respond
    let relay = Relay()
    let listener = try Listener(loop, at: .loopback(port: 0), handler: relay)
    port = listener.address.port
    self.listener = listener
    relay.server = self
  }

  package var address: String { "127.0.0.1:\(port)" }

  package func close() {
    listener?.close()
    listener = nil
    for connection in open { connection.close() }
    open.removeAll()
  }

  /// Bytes to whoever connected last.
  package func send(_ text: String) { open.last?.send(text) }

  package func listener(_ listener: Listener, accepted stream: UV.Stream) {
    open.append(ScriptedConnection(stream, server: self, index: connections))
    connections += 1
  }

  package func listener(_ listener: Listener, isShortOf error: UVError) { XCTFail("\(error)") }

  fileprivate func take(
    _ line: String, _ fields: [String: String], _ body: String, _ connection: Int
  ) -> Reply {
    let request = Request(
      line: line, fields: fields, body: body, number: requests.count, connection: connection)
    requests.append(request)
    return respond(request)
  }
}

/// The listener's port is known only once it stands, and it wants its handler before.
private final class Relay: ListenerHandler {
  weak var server: ScriptedServer?

  func listener(_ listener: Listener, accepted stream: UV.Stream) {
    server?.listener(listener, accepted: stream)
  }

  func listener(_ listener: Listener, isShortOf error: UVError) { XCTFail("\(error)") }
}

private final class ScriptedConnection: StreamHandler {
  private let stream: UV.Stream
  private let index: Int
  private weak var server: ScriptedServer?
  private var received: [UInt8] = []
  private var hasEnded = false
  private var swapped: ScriptedServer.Reply?
  private var timers: [UV.Timer] = []

  init(_ stream: UV.Stream, server: ScriptedServer, index: Int) {
    self.stream = stream
    self.server = server
    self.index = index
    stream.attach(self)
    stream.startReading()
  }

  func close() {
    stream.close()
    for timer in timers { timer.close() }
    timers = []
  }

  func stream(_ stream: UV.Stream, received bytes: UnsafeRawBufferPointer) {
    received += bytes
    while !hasEnded, let reply = next() {
      if case .swapped(let late) = reply {
        swapped = late
        continue
      }
      perform(reply)
      if let late = swapped {
        swapped = nil
        perform(late)
      }
    }
  }

  func streamEnded(_ stream: UV.Stream) { close() }
  func stream(_ stream: UV.Stream, failed error: UVError) { close() }

  private func perform(_ reply: ScriptedServer.Reply) {
    switch reply {
    case .answer, .raw: send(text(reply))
    case .rawAndClose(let text):
      send(text)
      hasEnded = true
      stream.shutdown()
    case .later(let milliseconds, let reply): after(milliseconds) { [unowned self] in perform(reply) }
    case .pieces(let size, let reply): send(text(reply), inPiecesOf: size)
    case .swapped(let reply): perform(reply)
    case .silence: break
    case .reset: stream.reset()
    case .close: close()
    }
  }

  func send(_ text: String) { stream.write(Array(text.utf8)) }

  private func text(_ reply: ScriptedServer.Reply) -> String {
    switch reply {
    case .answer(let status, let fields, let body):
      let head = ["HTTP/1.1 \(status) X", "Content-Length: \(body.utf8.count)"] + fields
      return head.joined(separator: "\r\n") + "\r\n\r\n" + body
    case .raw(let text): return text
    case .rawAndClose, .later, .pieces, .swapped, .silence, .reset, .close:
      preconditionFailure("no answer to cut into pieces")
    }
  }

  private func send(_ text: String, inPiecesOf size: Int) {
    send(String(text.prefix(size)))
    let rest = String(text.dropFirst(size))
    if !rest.isEmpty { after(0) { [unowned self] in send(rest, inPiecesOf: size) } }
  }

  private func after(_ milliseconds: UInt64, _ body: @escaping () -> Void) {
    guard let server else { return }
    let timer = UV.Timer(server.loop, onFire: body)
    timer.start(after: milliseconds)
    timers.append(timer)
  }

  /// The reply to the next request that is there whole.
  private func next() -> ScriptedServer.Reply? {
    let text = String(decoding: received, as: UTF8.self)
    guard let end = text.range(of: "\r\n\r\n") else { return nil }
    let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
    var fields: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.components(separatedBy: ": ")
      fields[parts[0].lowercased()] = parts.dropFirst().joined(separator: ": ")
    }
    let head = text[..<end.upperBound].utf8.count
    let length = fields["content-length"].flatMap { Int($0) } ?? 0
    guard received.count >= head + length else { return nil }
    let body = String(decoding: received[head..<(head + length)], as: UTF8.self)
    received.removeFirst(head + length)
    return server?.take(lines[0], fields, body, index)
  }
}
