/// Times in milliseconds and bounds of the clients' side of a server. The defaults are the interface's.
package struct FrontendOptions: Sendable {
  /// From a request's arrival to 503 or 504 when no outcome is known.
  package var requestTimeout: UInt64 = 4_000
  /// Without a request, or without the client taking any of its replies.
  package var idleTimeout: UInt64 = 75_000
  /// From a head's first byte to its last.
  package var headTimeout: UInt64 = 10_000
  /// From a head's end to the body's.
  package var bodyTimeout: UInt64 = 10_000
  /// After a whole classic request line with no further byte: the request is complete.
  package var lineTimeout: UInt64 = 200
  /// After our FIN: how long what still comes is discarded.
  package var lingerTimeout: UInt64 = 2_000
  /// From `stop()` until idle connections are closed: a client may have sent a request before it could know.
  package var partingTimeout: UInt64 = 150
  /// From `stop()` until the connections still open are closed.
  package var stopTimeout: UInt64 = 1_500
  /// Requests of all connections together that wait for an outcome: 429 beyond.
  package var waitingMax = 65_536
  /// No degraded answers: every request demands a linearizable one unless it asks for `local`.
  package var isStrict = false

  package init() {}
}

extension FrontendOptions {
  /// Seconds in `Retry-After`: long enough for a view change, short enough for a person.
  static let retryAfter: UInt32 = 1
  /// How exactly the times are kept, in milliseconds.
  static let tick: UInt64 = 50
  /// Looks at the sockets for further requests before those of a turn go to the backend.
  static let gatheringLooksMax = 8
  /// Requests of one connection that wait; it is not read from beyond.
  static let pipelineMax = 1_024
  /// Bytes of replies that a client has not taken: it is not read from beyond.
  static let outputMax = 256 * 1024
  /// Bytes of a dump made at a time.
  static let dumpSliceBytes = 64 * 1024
  /// Buffers kept for reuse, and the largest that is kept.
  static let spareBuffersMax = 256
  static let spareBufferBytes = 64 * 1024
}
