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
    guard !bytes.isEmpty else { return pendingWriteBytes == 0 }
    var buffer = uv_buf_t(bytes)
    let taken = max(0, Int(uv_try_write(uv, &buffer, 1)))
    if taken == bytes.count { return true }
    // An error of the try is met again by the queued write, which reports it in the loop.
    enqueue(WriteRequest.make(copying: CollectionOfOne(bytes), dropping: taken))
    return false
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
    var rest = parts[...]
    while !rest.isEmpty {
      withUnsafeParts(rest.prefix(Stream.partsMax)) { parts in write(views: parts) }
      rest = rest.dropFirst(Stream.partsMax)
    }
    return pendingWriteBytes == 0
  }

  private func write(views: [UnsafeRawBufferPointer]) {
    let buffers = views.map { uv_buf_t($0) }
    let total = views.reduce(0) { $0 + $1.count }
    guard total > 0 else { return }
    let taken = max(0, Int(uv_try_write(uv, buffers, UInt32(buffers.count))))
    if taken < total { enqueue(WriteRequest.make(copying: views, dropping: taken)) }
  }

  private func withUnsafeParts(
    _ parts: ArraySlice<[UInt8]>, _ views: [UnsafeRawBufferPointer] = [],
    _ body: ([UnsafeRawBufferPointer]) -> Void
  ) {
    guard let part = parts.first else { return body(views) }
    part.withUnsafeBytes { withUnsafeParts(parts.dropFirst(), views + [$0], body) }
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

  /// Copies all bytes of `views` but the first `taken`.
  static func make(copying views: some Collection<UnsafeRawBufferPointer>, dropping taken: Int)
    -> WriteRequest
  {
    let header = MemoryLayout<uv_write_t>.stride
    let count = views.reduce(-taken) { $0 + $1.count }
    let memory = UnsafeMutableRawPointer.allocate(byteCount: header + count, alignment: 16)
    let bytes = UnsafeMutableRawBufferPointer(start: memory + header, count: count)
    var (skip, filled) = (taken, 0)
    for view in views {
      let part = view.dropFirst(skip)
      skip -= view.count - part.count
      UnsafeMutableRawBufferPointer(rebasing: bytes[filled...]).copyMemory(from: .init(rebasing: part))
      filled += part.count
    }
    return WriteRequest(raw: memory.bindMemory(to: uv_write_t.self, capacity: 1), bytes: bytes)
  }

  static func free(_ raw: UnsafeMutablePointer<uv_write_t>) {
    UnsafeMutableRawPointer(raw).deallocate()
  }
}
