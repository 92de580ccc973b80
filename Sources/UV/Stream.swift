import CLibUV

/// One TCP connection, without Nagle's delay. Its two directions end apart: the peer's end is `streamEnded`,
/// our own `shutdown()`. Also when both have ended the owner must `close()`.
package final class Stream: Handle {
  let tcp: UnsafeMutablePointer<uv_tcp_t>
  private(set) var handler: (any StreamHandler)?
  /// False only while an outgoing connection is being made.
  package private(set) var isConnected: Bool
  private var hasEnded = false
  var wantsShutdown = false

  private init(_ loop: Loop, isConnected: Bool) {
    tcp = .allocate(capacity: 1)
    self.isConnected = isConnected
    super.init(loop: loop, memory: uvx_tcp_handle(tcp))
    uv_tcp_init(loop.raw, tcp)
    didOpen()
    uv_tcp_nodelay(tcp, 1)
  }

  var uv: UnsafeMutablePointer<uv_stream_t> { uvx_tcp_stream(tcp) }

  /// Takes a connected, non-blocking socket; the descriptor is the stream's from here on, also on an error.
  convenience init(_ loop: Loop, descriptor: Int32) throws(UVError) {
    self.init(loop, isConnected: true)
    let result = uv_tcp_open(tcp, descriptor)
    guard result == 0 else {
      CLibUV.close(descriptor)
      close()
      throw UVError(code: result)
    }
  }

  /// Starts to connect. The handler hears `streamConnected` or `failed`, later and not within this call; an
  /// error that shows at once is thrown. Writing may begin at once, and is sent when the connection stands.
  /// `source`: the own address to connect from; with port 0 any port.
  package static func connect(
    _ loop: Loop, to address: SocketAddress, from source: SocketAddress? = nil, handler: any StreamHandler
  ) throws(UVError) -> Stream {
    let stream = Stream(loop, isConnected: false)
    if let source { try stream.bind(source) }
    let request = UnsafeMutablePointer<uv_connect_t>.allocate(capacity: 1)
    var raw = address.raw
    let result = uv_tcp_connect(request, stream.tcp, uvx_address(&raw), onConnect)
    guard result == 0 else {
      request.deallocate()
      stream.close()
      throw UVError(code: result)
    }
    stream.handler = handler
    return stream
  }

  /// Closes the stream if that fails.
  private func bind(_ source: SocketAddress) throws(UVError) {
    var raw = source.raw
    let descriptor = uvx_socket_from(&raw)
    let result = descriptor < 0 ? descriptor : uv_tcp_open(tcp, descriptor)
    guard result != 0 else { return }
    if descriptor >= 0 { CLibUV.close(descriptor) }
    close()
    throw UVError(code: result)
  }

  private static let onConnect: uv_connect_cb = { request, status in
    let stream = Unmanaged<Stream>.fromOpaque(request!.pointee.handle.pointee.data).takeUnretainedValue()
    request!.deallocate()
    stream.didConnect(status)
  }

  private func didConnect(_ status: Int32) {
    guard isOpen else { return }
    guard status == 0 else { return fail(status) }
    isConnected = true
    if wantsShutdown { startShutdown() }
    handler?.streamConnected(self)
  }

  /// Whether somebody is told what happens.
  package var hasHandler: Bool { handler != nil }

  /// Gives an accepted stream its owner, or one that was detached its next.
  package func attach(_ handler: any StreamHandler) {
    precondition(self.handler == nil)
    guard isOpen else { return }
    self.handler = handler
  }

  /// Takes the stream from its owner, who hears nothing more: the next one attaches and starts to read. What was
  /// written is sent all the same. To be called before the peer's end is heard, for that comes once.
  package func detach() {
    pauseReading()
    handler = nil
  }

  override func willClose() { handler = nil }

  func fail(_ status: Int32) {
    let handler = handler
    close()
    handler?.stream(self, failed: UVError(code: status))
  }

  /// Closes with a RST: the peer loses what it has not read, and learns that this is no orderly end.
  package func reset() {
    close { memory in
      // Refused while a FIN is under way, and before a connection stands.
      if uv_tcp_close_reset(tcp, Handle.onClose) != 0 { uv_close(memory, Handle.onClose) }
    }
  }

  package var localAddress: SocketAddress? { address(ofPeer: false) }

  package var peerAddress: SocketAddress? { address(ofPeer: true) }

  private func address(ofPeer: Bool) -> SocketAddress? {
    var raw = uvx_address_t()
    guard isOpen, uvx_tcp_name(tcp, ofPeer ? 1 : 0, &raw) == 0 else { return nil }
    return SocketAddress(raw)
  }
}

// Reading
extension Stream {
  /// Lets bytes come, from the next turn on: to call once the stream has a handler and a connection. Does
  /// nothing on a closed stream or after the peer's end.
  package func startReading() {
    guard isOpen, !hasEnded else { return }
    precondition(handler != nil && isConnected)
    let result = uv_read_start(uv, Stream.onAllocate, Stream.onRead)
    precondition(result == 0)
  }

  /// Holds the peer back: nothing is read, and no end or reset of the peer is noticed, until `startReading()`.
  package func pauseReading() {
    guard isOpen else { return }
    uv_read_stop(uv)
  }

  private static let onAllocate: uv_alloc_cb = { handle, _, buffer in
    buffer!.pointee.base = handle!.pointee.loop.pointee.data.assumingMemoryBound(to: CChar.self)
    buffer!.pointee.len = Loop.readBufferBytes
  }

  private static let onRead: uv_read_cb = { handle, count, buffer in
    guard count != 0 else { return }
    let stream = Unmanaged<Stream>.fromOpaque(handle!.pointee.data).takeUnretainedValue()
    if count > 0 {
      stream.handler?.stream(
        stream, received: UnsafeRawBufferPointer(start: buffer!.pointee.base, count: count))
    } else {
      stream.didEnd(Int32(count))
    }
  }

  private func didEnd(_ status: Int32) {
    guard status == UV_EOF.rawValue else { return fail(status) }
    // libuv calls a reset that comes with the last bytes an end (uv__stream_io, POLLHUP after a partial read).
    let reset = uvx_tcp_error(tcp)
    guard reset == 0 else { return fail(reset) }
    hasEnded = true
    handler?.streamEnded(self)
  }
}
