import CLibUV

/// Hears one signal of the process, in the loop and not in the signal's own context.
package final class Signal: Handle {
  private let signal: UnsafeMutablePointer<uv_signal_t>
  private var onSignal: (() -> Void)?

  /// Listens from now on for `number`, such as `SIGTERM`.
  package init(_ loop: Loop, _ number: Int32, onSignal: @escaping () -> Void) throws(UVError) {
    signal = .allocate(capacity: 1)
    self.onSignal = onSignal
    super.init(loop: loop, memory: uvx_signal_handle(signal))
    try UVError.check(uv_signal_init(loop.raw, signal))
    didOpen()
    let result = uv_signal_start(signal, Signal.onSignal, number)
    guard result == 0 else {
      close()
      throw UVError(code: result)
    }
  }

  override func willClose() { onSignal = nil }

  private static let onSignal: uv_signal_cb = { handle, _ in
    Unmanaged<Signal>.fromOpaque(handle!.pointee.data).takeUnretainedValue().onSignal?()
  }
}
