import CLibUV

/// One event loop, for one thread. Its handles and requests hold it, so it cannot go away under them.
package final class Loop {
  /// What one read can bring, in bytes: libuv's own suggestion.
  package static let readBufferBytes = 64 * 1024

  let raw: UnsafeMutablePointer<uv_loop_t>
  private var isClosed = false

  package init() throws(UVError) {
    raw = .allocate(capacity: 1)
    let result = uv_loop_init(raw)
    guard result == 0 else {
      raw.deallocate()
      throw UVError(code: result)
    }
    // The loop's data is the read buffer itself: libuv asks for it before each read, and no object is touched.
    raw.pointee.data = .allocate(byteCount: Loop.readBufferBytes, alignment: 16)
  }

  deinit {
    if !isClosed { free() }
  }

  /// Runs until nothing is left to wait for, or until `stop()`. True: something is left.
  @discardableResult
  package func run() -> Bool { run(UV_RUN_DEFAULT) }

  /// One turn, which waits for an event if there is none. True: something is left.
  @discardableResult
  package func runOnce() -> Bool { run(UV_RUN_ONCE) }

  /// One turn that does not wait. True: something is left.
  @discardableResult
  package func poll() -> Bool { run(UV_RUN_NOWAIT) }

  private func run(_ mode: uv_run_mode) -> Bool {
    precondition(!isClosed)
    return uv_run(raw, mode) != 0
  }

  /// Ends `run()` after the turn that is under way.
  package func stop() { uv_stop(raw) }

  /// Milliseconds of a monotonic clock, taken at the start of the turn: what timers count from.
  package var now: UInt64 { uv_now(raw) }

  /// Takes `now` anew, after something that took long.
  package func updateTime() { uv_update_time(raw) }

  /// Ends the loop. A handle that nobody has closed, active or not, is a leak: then nothing is done, and the
  /// answer names each. Otherwise waits for closing handles and for requests in libuv's pool.
  package func close() -> [String] {
    precondition(!isClosed)
    let left = openHandles()
    guard left.isEmpty else { return left }
    run()
    let lateLeft = openHandles()  // opened by a callback that ran just now
    if lateLeft.isEmpty { free() }
    return lateLeft
  }

  private func free() {
    let result = uv_loop_close(raw)
    precondition(result == 0, "a handle or request outlived its hold on the loop")
    raw.pointee.data.deallocate()
    raw.deallocate()
    isClosed = true
  }

  private func openHandles() -> [String] {
    var names: [String] = []
    withUnsafeMutablePointer(to: &names) { names in
      uv_walk(
        raw,
        { handle, names in
          guard uv_is_closing(handle) == 0 else { return }
          let name = String(cString: uv_handle_type_name(handle!.pointee.type))
          let state = uv_is_active(handle) != 0 ? "active" : "inactive"
          names!.assumingMemoryBound(to: [String].self).pointee.append("\(name) (\(state))")
        }, names)
    }
    return names
  }
}
