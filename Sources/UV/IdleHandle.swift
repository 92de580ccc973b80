import CLibUV

/// While it runs the loop does not wait: each turn polls and goes on. Calls back once a turn.
package final class IdleHandle: Handle {
  private let idle: UnsafeMutablePointer<uv_idle_t>
  private var onTurn: (() -> Void)?

  package init(_ loop: Loop, onTurn: @escaping () -> Void) {
    idle = .allocate(capacity: 1)
    self.onTurn = onTurn
    super.init(loop: loop, memory: uvx_idle_handle(idle))
    uv_idle_init(loop.raw, idle)
    didOpen()
  }

  package func start() {
    guard isOpen else { return }
    uv_idle_start(idle, IdleHandle.onIdle)
  }

  package func stop() {
    guard isOpen else { return }
    uv_idle_stop(idle)
  }

  override func willClose() { onTurn = nil }

  private static let onIdle: uv_idle_cb = { handle in
    Unmanaged<IdleHandle>.fromOpaque(handle!.pointee.data).takeUnretainedValue().onTurn?()
  }
}
