import Foundation
import UV
import XCTest

/// A store on loopback, on the test's own loop, that does what the test says, request by request.
final class ScriptedServer: ListenerHandler {
  enum Act {
    /// As a server should.
    case serve
    case answer(Int, [String] = [])
    /// As it should, with these fields beside.
    case serveWith([String])
    /// As it should, so many milliseconds later.
    case delay(UInt64)
    /// As it should, in pieces of so many bytes, each in a turn of its own.
    case pieces(Int)
    /// After the answer to the next request of the connection.
    case swap
    /// A read: the value before the latest.
    case outOfDate
    case raw(String)
    case rawAndClose(String)
    case silence
    case reset
  }

  struct Request {
    let method: String
    let key: String
    let value: String
    /// From 0, over all connections.
    let number: Int
    let connection: Int
  }

  private(set) var requests: [Request] = []
  private(set) var connectionCount = 0
  fileprivate var values: [String: [String]] = [:]
  private var listener: Listener?
  private var connections: [ScriptedConnection] = []
  var decide: (Request) -> Act
  let loop: Loop
  let port: UInt16

  init(_ loop: Loop, decide: @escaping (Request) -> Act = { _ in .serve }) throws {
    self.loop = loop
    self.decide = decide
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
    for connection in connections { connection.close() }
    connections.removeAll()
  }

  func listener(_ listener: Listener, accepted stream: UV.Stream) {
    connections.append(ScriptedConnection(stream, server: self, index: connectionCount))
    connectionCount += 1
  }

  func listener(_ listener: Listener, isShortOf error: UVError) { XCTFail("\(error)") }

  fileprivate func note(_ method: String, _ key: String, _ value: String, _ connection: Int) -> Request {
    let request = Request(
      method: method, key: key, value: value, number: requests.count, connection: connection)
    requests.append(request)
    return request
  }

  /// The reply of a right server, with the effect of the request.
  fileprivate func reply(to request: Request, fields: [String] = [], age: Int = 1) -> String {
    let past = values[request.key, default: []]
    let old = past.count >= age ? past[past.count - age] : nil
    if request.method == "PUT" { values[request.key, default: []].append(request.value) }
    let body = "\(request.key)=\(old ?? "NIL")"
    let all = ["Content-Length: \(body.utf8.count)"] + (old == nil ? ["KV-Present: ?0"] : []) + fields
    return "HTTP/1.1 200 OK\r\n" + all.joined(separator: "\r\n") + "\r\n\r\n" + body
  }
}

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
  private var swapped: ScriptedServer.Request?
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
    while let request = take() {
      guard let server else { return }
      perform(server.decide(request), request, server)
    }
  }

  func streamEnded(_ stream: UV.Stream) { close() }
  func stream(_ stream: UV.Stream, failed error: UVError) { close() }

  private func perform(_ act: ScriptedServer.Act, _ request: ScriptedServer.Request, _ server: ScriptedServer)
  {
    switch act {
    case .serve: send(server.reply(to: request))
    case .serveWith(let fields): send(server.reply(to: request, fields: fields))
    case .answer(let status, let fields):
      let head = ["HTTP/1.1 \(status) X", "Content-Length: 0"] + fields
      send(head.joined(separator: "\r\n") + "\r\n\r\n")
    case .delay(let milliseconds):
      after(milliseconds) { [unowned self] in send(server.reply(to: request)) }
    case .pieces(let size): send(server.reply(to: request), inPiecesOf: size)
    case .swap: swapped = request
    case .outOfDate: send(server.reply(to: request, age: 2))
    case .raw(let text): send(text)
    case .rawAndClose(let text):
      send(text)
      stream.shutdown()
    case .silence: break
    case .reset: stream.reset()
    }
    guard let first = swapped, first.number != request.number else { return }
    swapped = nil
    send(server.reply(to: first))
  }

  private func send(_ text: String) { stream.write(Array(text.utf8)) }

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

  private func take() -> ScriptedServer.Request? {
    let text = String(decoding: received, as: UTF8.self)
    guard let end = text.range(of: "\r\n\r\n") else { return nil }
    let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
    let words = lines[0].components(separatedBy: " ")
    let length =
      lines.lazy.compactMap { line in
        line.hasPrefix("Content-Length: ") ? Int(line.dropFirst(16)) : nil
      }.first ?? 0
    let head = text[..<end.upperBound].utf8.count
    guard received.count >= head + length else { return nil }
    let body = String(decoding: received[head..<(head + length)], as: UTF8.self)
    received.removeFirst(head + length)
    return server?.note(words[0], String(words[1].dropFirst()), body, index)
  }
}
