import UV

/// What takes the connections that leave HTTP: those of peers.
package protocol UpgradeHandler: AnyObject {
  /// `GET /-/peer` was answered 101 on `stream`, which belongs to nobody: who wants it attaches a handler within
  /// the call and starts to read, else it is reset. `early`: what came behind the request, valid during the call.
  /// The frontend knows nothing of the stream any more; its limits and time-outs do not apply.
  func frontend(_ frontend: Frontend, upgraded stream: UV.Stream, early: UnsafeRawBufferPointer)
}
