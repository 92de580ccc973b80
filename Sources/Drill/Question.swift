import Bytes
import HTTP
import UV

/// One request on a connection of its own, by the way.
final class Question: StreamHandler {
  struct Reply {
    var status: Int
    var body: [UInt8]
    /// Absent: NIL, for a read.
    var value: [UInt8]?
    var isLabelled: Bool
    var hasRetryAfter: Bool
    var text: String { String(decoding: body, as: UTF8.self) }
  }

  private var stream: UV.Stream?
  private var parser = ResponseParser()
  private var timer: UV.Timer?
  private let keyLength: Int
  private(set) var reply: Reply?
  private(set) var fault: String?
  let invocation = Clock.nanoseconds
  private(set) var response: UInt64 = 0

  var isOver: Bool { reply != nil || fault != nil }

  /// `keyLength`: of a read or write, for taking the value out of the body.
  init(_ cluster: Cluster, _ server: Int, keyLength: Int = 0, _ put: (RequestWriter, inout [UInt8]) -> Void) {
    self.keyLength = keyLength
    do {
      let address = cluster.ground.socketAddress(server)
      let stream = try cluster.ground.asClient {
        try UV.Stream.connect(cluster.loop, to: address, handler: self)
      }
      var request: [UInt8] = []
      put(RequestWriter(host: Array(cluster.ground.address(server).utf8)), &request)
      stream.write(request)
      self.stream = stream
    } catch {
      fault = "\(error)"
    }
    timer = UV.Timer(cluster.loop) { [unowned self] in fail("no answer in time") }
    timer?.start(after: Cluster.questionMilliseconds)
  }

  func streamConnected(_ stream: UV.Stream) { stream.startReading() }

  func stream(_ stream: UV.Stream, received bytes: UnsafeRawBufferPointer) {
    var input = bytes
    take(parser.next(&input))
  }

  func streamEnded(_ stream: UV.Stream) {
    take(parser.finish())
    if !isOver { fail("ended without a reply") }
  }

  func stream(_ stream: UV.Stream, failed error: UVError) { fail(error.message) }

  private func take(_ parsed: ParsedResponse) {
    switch parsed {
    case .needsMore: break
    case .malformed(let reason): fail("\(reason)")
    case .response(let response):
      self.response = Clock.nanoseconds
      reply = Reply(
        status: Int(response.status), body: Array(response.body),
        value: response.value(ofKeyWithLength: keyLength).map { Array($0) },
        isLabelled: response.assurance != .linearizable, hasRetryAfter: response.retryAfter != nil)
      close()
    }
  }

  private func fail(_ reason: String) {
    if reply == nil { fault = reason }
    close()
  }

  func close() {
    stream?.close()
    timer?.close()
  }
}
