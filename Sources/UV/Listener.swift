import CLibUV

/// What a listener tells its owner. The listener holds the handler until it is closed.
package protocol ListenerHandler: AnyObject {
  /// A connection came. The call attaches a handler to the stream; without one the connection is reset.
  func listener(_ listener: Listener, accepted stream: Stream)

  /// Descriptors or memory ran short (`error`), or only `Listener.reservedDescriptors` are left. To close one
  /// connection here gives the next one its place.
  func listener(_ listener: Listener, isShortOf error: UVError)
}

/// Takes connections at one address.
///
/// It polls and accepts by itself. libuv's own listener, out of descriptors, drops every waiting connection
/// unseen, or, when its reserve is lost, calls back without end from within one turn.
package final class Listener: Handle {
  /// Connections taken in one turn: the others have their turn too.
  package static let acceptsPerTurnMax = 64
  /// Descriptors kept for peers, files and look-ups: less is a shortage.
  package static let reservedDescriptors = 16
  /// When nothing can be freed: milliseconds until the next try. Waiting connections stay in the backlog.
  package static let retryMilliseconds: UInt64 = 50

  private let polled: UnsafeMutablePointer<uv_poll_t>
  private let descriptor: Int32
  private let descriptorsMax: Int
  private var handler: (any ListenerHandler)?
  private var retry: Timer?

  /// What is bound, with the port that the system chose if port 0 was asked for.
  package let address: SocketAddress

  /// Binds and listens at once, with the limit of descriptors as it is now. Errors: `.addressInUse`,
  /// `.addressNotAvailable`, `.permissionDenied`, `.familyNotSupported`, … `backlog`: connections that wait to
  /// be accepted, cut to the system's own limit.
  package init(
    _ loop: Loop, at address: SocketAddress, backlog: Int32 = 1024, handler: any ListenerHandler
  ) throws(UVError) {
    var raw = address.raw
    descriptor = try UVError.check(uvx_listen(&raw, backlog))
    uvx_socket_name(descriptor, &raw)
    self.address = SocketAddress(raw)!
    self.handler = handler
    descriptorsMax = descriptorLimit()
    polled = .allocate(capacity: 1)
    super.init(loop: loop, memory: uvx_poll_handle(polled))
    let result = uv_poll_init(loop.raw, polled, descriptor)
    guard result == 0 else {
      CLibUV.close(descriptor)
      throw UVError(code: result)
    }
    didOpen()
    retry = Timer(loop) { [unowned self] in resume() }
    resume()
  }

  override func willClose() {
    handler = nil
    retry?.close()
    retry = nil
    uv_poll_stop(polled)
    CLibUV.close(descriptor)
  }

  private func resume() {
    let result = uv_poll_start(polled, Int32(UV_READABLE.rawValue), Listener.onReadable)
    precondition(result == 0)
  }

  /// The socket stays readable while connections wait: to go on polling would spin.
  private func pause() {
    guard isOpen else { return }
    uv_poll_stop(polled)
    retry?.start(after: Listener.retryMilliseconds)
  }

  private static let onReadable: uv_poll_cb = { handle, _, _ in
    Unmanaged<Listener>.fromOpaque(handle!.pointee.data).takeUnretainedValue().acceptWaiting()
  }

  private func acceptWaiting() {
    var hasReported = false
    for _ in 0..<Listener.acceptsPerTurnMax {
      guard isOpen else { return }
      let accepted = uvx_accept(descriptor)
      if accepted >= 0 {
        take(accepted)
        continue
      }
      switch AcceptFailure(accepted) {
      case .nothingWaits: return
      case .thatConnection: continue
      case .shortage where hasReported: return pause()
      case .shortage:
        hasReported = true
        handler?.listener(self, isShortOf: UVError(code: accepted))
      }
    }
  }

  private func take(_ accepted: Int32) {
    // Descriptors are given lowest first, so a high one says that nearly all are in use.
    if Int(accepted) >= descriptorsMax - Listener.reservedDescriptors {
      handler?.listener(self, isShortOf: .tooManyOpenFiles)
    }
    guard let handler else {  // it closed the listener
      CLibUV.close(accepted)
      return
    }
    guard let stream = try? Stream(loop, descriptor: accepted) else { return }
    handler.listener(self, accepted: stream)
    if stream.handler == nil { stream.reset() }
  }
}

/// accept(2): what an error means for the next call.
private enum AcceptFailure {
  case nothingWaits, thatConnection, shortage

  init(_ code: Int32) {
    switch -code {
    case EAGAIN: self = .nothingWaits
    case EMFILE, ENFILE, ENOBUFS, ENOMEM: self = .shortage
    // The network's errors of a connection that waited (accept(2), "Error handling").
    default: self = .thatConnection
    }
  }
}
