import Support
import UV

/// A store on loopback, on the test's own loop, that does what the test says, request by request.
final class StoreServer {
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

    fileprivate init(_ request: ScriptedServer.Request) {
      (method, key) = (request.words[0], String(request.words[1].dropFirst()))
      (value, number, connection) = (request.body, request.number, request.connection)
    }
  }

  var decide: (Request) -> Act
  private(set) var requests: [Request] = []
  private let server: ScriptedServer
  private var values: [String: [String]] = [:]

  init(_ loop: Loop, decide: @escaping (Request) -> Act = { _ in .serve }) throws {
    self.decide = decide
    server = try ScriptedServer(loop) { _ in .silence }
    server.respond = { [unowned self] in respond(to: Request($0)) }
  }

  var address: String { server.address }
  var connectionCount: Int { server.connections }

  func close() { server.close() }

  private func respond(to request: Request) -> ScriptedServer.Reply {
    requests.append(request)
    switch decide(request) {
    case .serve: return reply(to: request)
    case .serveWith(let fields): return reply(to: request, fields: fields)
    case .answer(let status, let fields): return .answer(status, fields)
    case .delay(let milliseconds): return .later(milliseconds, reply(to: request))
    case .pieces(let size): return .pieces(size, reply(to: request))
    case .swap: return .swapped(reply(to: request))
    case .outOfDate: return reply(to: request, age: 2)
    case .raw(let text): return .raw(text)
    case .rawAndClose(let text): return .rawAndClose(text)
    case .silence: return .silence
    case .reset: return .reset
    }
  }

  /// The reply of a right server, with the effect of the request.
  private func reply(to request: Request, fields: [String] = [], age: Int = 1) -> ScriptedServer.Reply {
    let past = values[request.key, default: []]
    let old = past.count >= age ? past[past.count - age] : nil
    if request.method == "PUT" { values[request.key, default: []].append(request.value) }
    return .answer(200, (old == nil ? ["KV-Present: ?0"] : []) + fields, "\(request.key)=\(old ?? "NIL")")
  }
}
