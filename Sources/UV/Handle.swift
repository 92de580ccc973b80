import CLibUV

/// The owner of one libuv handle: allocates its memory, holds itself from `didOpen()` until libuv's close
/// callback, and only then lets the memory go.
package class Handle {
  enum State { case unopened, open, closing, closed }

  package let loop: Loop
  private let memory: UnsafeMutablePointer<uv_handle_t>
  private(set) final var state = State.unopened

  /// `memory` is of the handle's full size, freshly allocated; the owner takes it.
  init(loop: Loop, memory: UnsafeMutablePointer<uv_handle_t>) {
    self.loop = loop
    self.memory = memory
  }

  deinit {
    precondition(state == .unopened || state == .closed)
    memory.deallocate()
  }

  package final var isOpen: Bool { state == .open }

  /// To call when libuv's init has succeeded: from here on libuv knows the memory.
  final func didOpen() {
    memory.pointee.data = Unmanaged.passRetained(self).toOpaque()
    state = .open
  }

  /// Stops everything and drops what the user gave; no event comes after it. May be called at any time, also
  /// within this handle's own events, and again.
  package final func close() {
    close { memory in uv_close(memory, Handle.onClose) }
  }

  final func close(by closing: (UnsafeMutablePointer<uv_handle_t>) -> Void) {
    guard state == .open else { return }
    state = .closing
    willClose()
    closing(memory)
  }

  /// Drops the user's closures and whatever else goes with the handle.
  func willClose() {}

  static let onClose: uv_close_cb = { handle in
    let owner = Unmanaged<Handle>.fromOpaque(handle!.pointee.data).takeRetainedValue()
    owner.state = .closed
  }

  /// Lets the loop end though this handle is active.
  package final func unreference() { uv_unref(memory) }

  final var isActive: Bool { state == .open && uv_is_active(memory) != 0 }
}
