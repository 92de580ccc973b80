import CLibUV

/// Calls back in every turn just after the events were handled: what a turn gathered can be done at once here.
package final class CheckHandle: Handle {
  private let check: UnsafeMutablePointer<uv_check_t>
  private var onTurn: (() -> Void)?

  package init(_ loop: Loop, onTurn: @escaping () -> Void) {
    check = .allocate(capacity: 1)
    self.onTurn = onTurn
    super.init(loop: loop, memory: uvx_check_handle(check))
    uv_check_init(loop.raw, check)
    didOpen()
  }

  package func start() {
    guard isOpen else { return }
    uv_check_start(check, CheckHandle.onCheck)
  }

  package func stop() {
    guard isOpen else { return }
    uv_check_stop(check)
  }

  override func willClose() { onTurn = nil }

  private static let onCheck: uv_check_cb = { handle in
    Unmanaged<CheckHandle>.fromOpaque(handle!.pointee.data).takeUnretainedValue().onTurn?()
  }
}
