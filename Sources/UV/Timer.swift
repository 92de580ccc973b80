import CLibUV

/// Calls back after a time, once or again and again, in milliseconds of the loop's clock.
package final class Timer: Handle {
  private let timer: UnsafeMutablePointer<uv_timer_t>
  private var onFire: (() -> Void)?

  package init(_ loop: Loop, onFire: @escaping () -> Void) {
    timer = .allocate(capacity: 1)
    self.onFire = onFire
    super.init(loop: loop, memory: uvx_timer_handle(timer))
    uv_timer_init(loop.raw, timer)
    didOpen()
  }

  /// Fires `milliseconds` after the loop's `now`, then every `interval` unless that is 0. Restarts a timer
  /// that is running; does nothing on a closed one.
  package func start(after milliseconds: UInt64, repeating interval: UInt64 = 0) {
    guard isOpen else { return }
    uv_timer_start(timer, Timer.onTimer, milliseconds, interval)
  }

  package func stop() {
    guard isOpen else { return }
    uv_timer_stop(timer)
  }

  package var isRunning: Bool { isActive }

  override func willClose() { onFire = nil }

  private static let onTimer: uv_timer_cb = { handle in
    Unmanaged<Timer>.fromOpaque(handle!.pointee.data).takeUnretainedValue().onFire?()
  }
}
