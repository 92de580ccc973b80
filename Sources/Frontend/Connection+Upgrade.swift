import HTTP

/// The way out of HTTP.
extension Connection {
  /// To be called with what was read behind the request. The stream goes once all earlier requests are answered;
  /// until then nothing is read.
  func acceptUpgrade(_ request: Request) {
    guard !frontend.isStopping else { return answer(.stopping, to: request) }
    guard frontend.upgradeHandler != nil else { return answer(.noQuorum, to: request) }
    takesNoMore = true
    phase = .upgrading
  }

  /// Keeps what came behind the request.
  func keepEarly(_ rest: UnsafeRawBufferPointer) {
    leftover = parser.takeRemainder(of: rest)
  }

  /// All is answered and sent: 101, and the stream is the handler's.
  func upgradeIfAnswered() {
    guard phase == .upgrading, first == RequestTable.none, dump == nil, output.isEmpty else { return }
    guard !hasEnded, !frontend.isStopping, let handler = frontend.upgradeHandler else {
      return frontend.close(self)
    }
    frontend.writer.putSwitchingProtocols(into: &output)
    frontend.metrics.sentBytes += UInt64(output.count)
    frontend.metrics.connectionsUpgraded += 1
    stream.write(output)
    frontend.keepSpare(&output)
    let early = leftover
    leftover = []
    frontend.release(self)
    stream.detach()
    early.withUnsafeBytes { handler.frontend(frontend, upgraded: stream, early: $0) }
    if !stream.hasHandler { stream.reset() }
    frontend.endIfStopped()
  }
}
