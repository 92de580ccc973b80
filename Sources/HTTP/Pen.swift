/// Writes into memory that was reserved once for a whole reply: each piece is a bounds check and a copy.
struct Pen {
  private let buffer: UnsafeMutableBufferPointer<UInt8>
  fileprivate private(set) var written = 0

  fileprivate init(_ buffer: UnsafeMutableBufferPointer<UInt8>) {
    self.buffer = buffer
  }

  mutating func put(_ bytes: UnsafeRawBufferPointer) {
    let room = buffer.count &- written
    precondition(bytes.count <= room)
    guard let source = bytes.baseAddress else { return }
    UnsafeMutableRawPointer(buffer.baseAddress! + written).copyMemory(from: source, byteCount: bytes.count)
    written &+= bytes.count
  }

  mutating func put(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { put($0) }
  }

  mutating func put(_ text: StaticString) {
    put(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  mutating func putDecimal(_ value: UInt64) {
    var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)
    withUnsafeMutableBytes(of: &digits) { text in
      put(UnsafeRawBufferPointer(rebasing: text[formatDecimal(value, into: text)...]))
    }
  }

}

/// Right-aligned digits; the offset of the first. `text` has room for 20.
func formatDecimal(_ value: UInt64, into text: UnsafeMutableRawBufferPointer) -> Int {
  var start = text.count
  var rest = value
  repeat {
    start &-= 1
    text[start] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
    rest /= 10
  } while rest != 0
  return start
}

extension [UInt8] {
  /// Appends what `body` writes, of at most `capacity` bytes.
  mutating func append(atMost capacity: Int, _ body: (inout Pen) -> Void) {
    append(addingCapacity: capacity) { span in
      span.withUnsafeMutableBufferPointer { buffer, count in
        // The span begins empty, at the end of what the array had.
        var pen = Pen(buffer)
        body(&pen)
        count = pen.written
      }
    }
  }
}
