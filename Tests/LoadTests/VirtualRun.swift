import HTTP

@testable import Load

/// A server behind the engine, under a clock that only moves when something happens: one request at a time, each
/// taking as long as the test says.
final class VirtualRun {
  static let millisecond: UInt64 = 1_000_000
  static let second: UInt64 = 1_000_000_000

  let engine: LoadEngine
  private(set) var now: UInt64 = VirtualRun.second
  /// When the server stops and goes on.
  var stall: Range<UInt64>?
  let serviceTime: UInt64
  private var serverFree: UInt64 = 0
  private var replies: [(at: UInt64, connection: Int, request: LoadRequest)] = []

  init(_ options: LoadOptions, serviceTime: UInt64 = 100_000) {
    self.serviceTime = serviceTime
    engine = LoadEngine(options, hosts: 1, ledger: nil, file: nil, at: now)
    for connection in 0..<options.connections { engine.connectionOpened(connection) }
  }

  /// From the load's first moment to its end.
  func run() {
    engine.advance(at: now)
    while engine.part != .ended {
      send()
      let tick = (now / Self.millisecond + 1) * Self.millisecond
      if let first = replies.first, first.at <= tick {
        replies.removeFirst()
        now = first.at
        answer(first.connection, first.request)
      } else {
        now = tick
      }
      engine.advance(at: now)
    }
  }

  private func send() {
    while let (connection, request) = engine.assign(lane: 0, at: now) {
      var begin = max(now, serverFree)
      if let stall, stall.contains(begin) { begin = stall.upperBound }
      serverFree = begin + serviceTime
      replies.append((serverFree, connection, request))
    }
  }

  private func answer(_ connection: Int, _ request: LoadRequest) {
    let body = engine.keys.text(of: request.key) + Array("=NIL".utf8)
    body.withUnsafeBytes {
      var response = Response(status: 200, keepsAlive: true)
      response.body = $0
      response.isPresent = false
      _ = engine.answered(connection, request, response, at: now)
    }
  }
}
