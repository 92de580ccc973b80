import Glibc

/// Files and standard streams, as bytes.
enum System {
  /// Writes all of it. False: it could not be written.
  static func write(_ bytes: [UInt8], to descriptor: Int32 = STDOUT_FILENO) -> Bool {
    bytes.withUnsafeBytes { buffer in
      var offset = 0
      while offset < buffer.count {
        let count = Glibc.write(descriptor, buffer.baseAddress! + offset, buffer.count - offset)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return false }
        offset += count
      }
      return true
    }
  }

  /// A line on stderr under the program's name.
  static func note(_ text: String) {
    _ = write(Array("kvclient: \(text)\n".utf8), to: STDERR_FILENO)
  }

  /// At most `max` bytes from the descriptor's place on; one more than wanted tells that there is more.
  static func read(_ descriptor: Int32, max: Int) -> Result<[UInt8], SystemError> {
    var bytes: [UInt8] = []
    let step = 64 << 10
    while bytes.count < max {
      let wanted = min(step, max - bytes.count)
      let before = bytes.count
      bytes.append(contentsOf: repeatElement(0, count: wanted))
      let count = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress! + before, wanted) }
      let fault = errno
      bytes.removeLast(wanted - Swift.max(0, count))
      if count < 0 && fault == EINTR { continue }
      if count < 0 { return .failure(SystemError(code: fault)) }
      if count == 0 { break }
    }
    return .success(bytes)
  }

  /// At most `max` bytes of the file.
  static func read(file: [UInt8], max: Int) -> Result<[UInt8], SystemError> {
    let path = file.map { CChar(bitPattern: $0) } + [0]
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return .failure(SystemError(code: errno)) }
    defer { close(descriptor) }
    return read(descriptor, max: max)
  }
}

struct SystemError: Error {
  let code: Int32

  var isMissing: Bool { code == ENOENT }
  var message: String { String(cString: strerror(code)) }
}

/// Bytes that someone typed, for a message of one line.
func quoted(_ bytes: [UInt8]) -> String {
  "\"\(oneLine(bytes[...]))\""
}

/// Without control characters, nor a newline at the end, and cut to a bearable length: an error is exactly one line.
func oneLine(_ bytes: ArraySlice<UInt8>) -> String {
  let lengthMax = 300
  let ended = bytes.last == newline ? bytes.dropLast() : bytes
  let text = String(decoding: ended.prefix(4 * lengthMax), as: UTF8.self)
  var line = ""
  for scalar in text.unicodeScalars.prefix(lengthMax) {
    let isControl = scalar.value < 0x20 || (0x7f..<0xa0).contains(scalar.value)
    line.unicodeScalars.append(isControl ? " " : scalar)
  }
  return line
}
