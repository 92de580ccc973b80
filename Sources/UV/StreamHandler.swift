/// What a stream tells its one owner. The stream holds the handler until it is closed.
package protocol StreamHandler: AnyObject {
  /// An outgoing connection stands.
  func streamConnected(_ stream: Stream)

  /// Bytes came: at least one, at most `Loop.readBufferBytes`, valid during the call only.
  func stream(_ stream: Stream, received bytes: UnsafeRawBufferPointer)

  /// The peer sends no more; it may still read. Comes once.
  func streamEnded(_ stream: Stream)

  /// What a `write` had to leave pending has all been taken by the system.
  func streamDrained(_ stream: Stream)

  /// After `shutdown()`: everything was sent, and the FIN after it.
  func streamFinished(_ stream: Stream)

  /// The connection is lost, or never came to be. The stream has closed itself; no other event follows.
  func stream(_ stream: Stream, failed error: UVError)
}

/// What only some owners care for.
extension StreamHandler {
  package func streamConnected(_ stream: Stream) {}
  package func streamDrained(_ stream: Stream) {}
  package func streamFinished(_ stream: Stream) {}
}
