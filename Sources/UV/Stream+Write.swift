import CLibUV

extension Stream {
  /// Parts that one vectored write takes; more are sent by further ones.
  private static let partsMax = 16

  /// Bytes that the system has not taken yet.
  package var pendingWriteBytes: Int {
    isOpen ? uv_stream_get_write_queue_size(uv) : 0
  }

  /// Sends at once what the system takes, and keeps a copy of the rest until it is taken. True: nothing is
  /// pending. False: `streamDrained` will follow, or `failed`. On a closed stream the bytes are dropped.
  /// An error never comes within the call. Not to be called after `shutdown()`.
  @discardableResult
  package func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard isOpen else { return false }
    precondition(!wantsShutdown)
    return withUnsafePointer(to: uv_buf_t(bytes)) { send(UnsafeBufferPointer(start: $0, count: 1)) }
  }

  @discardableResult
  package func write(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { write($0) }
  }

  /// As `write`, with several arrays in one system call.
  @discardableResult
  package func write(parts: [[UInt8]]) -> Bool {
    guard isOpen else { return false }
    precondition(!wantsShutdown)
    var isSent = pendingWriteBytes == 0
    withUnsafeTemporaryAllocation(of: uv_buf_t.self, capacity: Stream.partsMax) { buffers in
      var rest = parts[...]
      while !rest.isEmpty {
        isSent = gather(rest.prefix(Stream.partsMax), in: buffers, filled: 0)
        rest = rest.dropFirst(Stream.partsMax)
      }
    }
    return isSent
  }

  /// Goes one level down for each part, for all of them must keep still until they are sent.
  private func gather(
    _ parts: ArraySlice<[UInt8]>, in buffers: UnsafeMutableBufferPointer<uv_buf_t>, filled: Int
  ) -> Bool {
    guard let part = parts.first else { return send(UnsafeBufferPointer(rebasing: buffers[..<filled])) }
    return part.withUnsafeBytes { bytes in
      buffers.initializeElement(at: filled, to: uv_buf_t(bytes))
      return gather(parts.dropFirst(), in: buffers, filled: filled + 1)
    }
  }

  private func send(_ buffers: UnsafeBufferPointer<uv_buf_t>) -> Bool {
    var total = 0
    for buffer in buffers { total += buffer.len }
    guard total > 0 else { return pendingWriteBytes == 0 }
    // Takes nothing while a write is queued, so the order holds. An error of the try is met again by the
    // queued write, which reports it in the loop.
    let taken = max(0, Int(uv_try_write(uv, buffers.baseAddress, UInt32(buffers.count))))
    if taken == total { return true }
    enqueue(WriteRequest(copying: buffers, from: taken, upTo: total))
    return false
  }

  private func enqueue(_ request: WriteRequest) {
    var buffer = uv_buf_t(UnsafeRawBufferPointer(request.bytes))
    let result = uv_write(request.raw, uv, &buffer, 1, Stream.onWrite)
    precondition(result == 0, "only a closed or shut stream refuses a write")
  }

  private static let onWrite: uv_write_cb = { request, status in
    let stream = Unmanaged<Stream>.fromOpaque(request!.pointee.handle.pointee.data).takeUnretainedValue()
    WriteRequest.free(request!)
    stream.didWrite(status)
  }

  private func didWrite(_ status: Int32) {
    guard isOpen else { return }
    if status < 0 { return fail(status) }
    if pendingWriteBytes == 0 { handler?.streamDrained(self) }
  }
}

extension Stream {
  /// Sends FIN once all pending writes are out, then `streamFinished`. Reading goes on. May be called again,
  /// and before the connection stands.
  package func shutdown() {
    guard isOpen, !wantsShutdown else { return }
    wantsShutdown = true
    if isConnected { startShutdown() }
  }

  func startShutdown() {
    let request = UnsafeMutablePointer<uv_shutdown_t>.allocate(capacity: 1)
    let result = uv_shutdown(request, uv, Stream.onShutdown)
    precondition(result == 0, "only a closed or shut stream refuses a shutdown")
  }

  private static let onShutdown: uv_shutdown_cb = { request, status in
    let stream = Unmanaged<Stream>.fromOpaque(request!.pointee.handle.pointee.data).takeUnretainedValue()
    request!.deallocate()
    stream.didShutdown(status)
  }

  private func didShutdown(_ status: Int32) {
    guard isOpen else { return }
    if status < 0 { return fail(status) }
    handler?.streamFinished(self)
  }
}

extension uv_buf_t {
  /// libuv reads through it and never writes.
  init(_ bytes: UnsafeRawBufferPointer) {
    let base = UnsafeMutableRawPointer(mutating: bytes.baseAddress)
    self.init(base: base?.assumingMemoryBound(to: CChar.self), len: bytes.count)
  }
}

/// libuv's write request and the bytes it sends, in one piece of memory that the callback frees.
private struct WriteRequest {
  let raw: UnsafeMutablePointer<uv_write_t>
  let bytes: UnsafeMutableRawBufferPointer

  /// Copies the bytes that follow the first `taken`.
  init(copying buffers: UnsafeBufferPointer<uv_buf_t>, from taken: Int, upTo total: Int) {
    let header = MemoryLayout<uv_write_t>.stride
    let memory = UnsafeMutableRawPointer.allocate(byteCount: header + total - taken, alignment: 16)
    raw = memory.bindMemory(to: uv_write_t.self, capacity: 1)
    bytes = UnsafeMutableRawBufferPointer(start: memory + header, count: total - taken)
    var (skip, filled) = (taken, 0)
    for buffer in buffers {
      let part = UnsafeRawBufferPointer(start: buffer.base, count: buffer.len).dropFirst(skip)
      skip -= buffer.len - part.count
      UnsafeMutableRawBufferPointer(rebasing: bytes[filled...]).copyMemory(from: .init(rebasing: part))
      filled += part.count
    }
  }

  static func free(_ raw: UnsafeMutablePointer<uv_write_t>) {
    UnsafeMutableRawPointer(raw).deallocate()
  }
}
