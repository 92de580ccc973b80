import Glibc

/// The lines on stderr: one a second, overwritten in place on a terminal.
struct Console {
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private var isLineOpen = false

  mutating func show(_ line: String) {
    if isTerminal {
      put("\r\(line)\u{1b}[K", to: STDERR_FILENO)
      isLineOpen = true
    } else {
      put(line + "\n", to: STDERR_FILENO)
    }
  }

  /// A line that stays.
  mutating func note(_ line: String) {
    close()
    put(line + "\n", to: STDERR_FILENO)
  }

  /// Ends the line that is overwritten in place.
  mutating func close() {
    if isLineOpen { put("\n", to: STDERR_FILENO) }
    isLineOpen = false
  }

  /// False: it could not be written.
  @discardableResult
  func put(_ text: String, to descriptor: Int32) -> Bool {
    let bytes = Array(text.utf8)
    var offset = 0
    while offset < bytes.count {
      let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress! + offset, $0.count - offset) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      offset += count
    }
    return true
  }
}
