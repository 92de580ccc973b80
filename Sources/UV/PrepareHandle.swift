import CLibUV

/// Calls back in every turn just before the loop waits for events: what timers caused can be flushed here.
package final class PrepareHandle: Handle {
  private let prepare: UnsafeMutablePointer<uv_prepare_t>
  private var onTurn: (() -> Void)?

  package init(_ loop: Loop, onTurn: @escaping () -> Void) {
    prepare = .allocate(capacity: 1)
    self.onTurn = onTurn
    super.init(loop: loop, memory: uvx_prepare_handle(prepare))
    uv_prepare_init(loop.raw, prepare)
    didOpen()
  }

  package func start() {
    guard isOpen else { return }
    uv_prepare_start(prepare, PrepareHandle.onPrepare)
  }

  package func stop() {
    guard isOpen else { return }
    uv_prepare_stop(prepare)
  }

  override func willClose() { onTurn = nil }

  private static let onPrepare: uv_prepare_cb = { handle in
    Unmanaged<PrepareHandle>.fromOpaque(handle!.pointee.data).takeUnretainedValue().onTurn?()
  }
}
