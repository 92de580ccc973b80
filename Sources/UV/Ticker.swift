import CLibUV

/// Calls back at fixed moments of `Clock.nanoseconds`, again and again without drift. libuv's own timers know
/// whole milliseconds only; this one is the system's (timerfd_create(2)).
package final class Ticker: Handle {
  private let polled: UnsafeMutablePointer<uv_poll_t>
  private let descriptor: Int32
  private var onTick: (() -> Void)?

  /// Does not tick until `start`. Errors: `.tooManyOpenFiles` and the like.
  package init(_ loop: Loop, onTick: @escaping () -> Void) throws(UVError) {
    descriptor = try UVError.check(uvx_ticker())
    self.onTick = onTick
    polled = .allocate(capacity: 1)
    super.init(loop: loop, memory: uvx_poll_handle(polled))
    let result = uv_poll_init(loop.raw, polled, descriptor)
    guard result == 0 else {
      CLibUV.close(descriptor)
      throw UVError(code: result)
    }
    didOpen()
  }

  /// Ticks at `first`, and then every `interval`, both nanoseconds and not 0. A moment that has passed is now;
  /// ticks that the loop was late for come as one.
  package func start(at first: UInt64, every interval: UInt64) {
    guard isOpen else { return }
    precondition(first > 0 && interval > 0)
    set(first, interval)
    let result = uv_poll_start(polled, Int32(UV_READABLE.rawValue), Ticker.onReadable)
    precondition(result == 0)
  }

  package func stop() {
    guard isOpen else { return }
    set(0, 0)
    uv_poll_stop(polled)
  }

  private func set(_ first: UInt64, _ interval: UInt64) {
    let result = uvx_ticker_start(descriptor, first, interval)
    precondition(result == 0, "only a bad descriptor or time is refused")
  }

  override func willClose() {
    onTick = nil
    uv_poll_stop(polled)
    CLibUV.close(descriptor)
  }

  private static let onReadable: uv_poll_cb = { handle, _, _ in
    let ticker = Unmanaged<Ticker>.fromOpaque(handle!.pointee.data).takeUnretainedValue()
    if uvx_ticker_take(ticker.descriptor) > 0 { ticker.onTick?() }
  }
}
