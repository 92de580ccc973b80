/// Looks for the end of a head: the first empty line, ended by CRLF or a bare LF. Remembers how far it looked, so
/// that a head that comes byte by byte is looked at once.
struct HeadFinder {
  private var lineStart = 0
  private var scanned = 0
  /// The first line with its line end, once it is whole.
  private(set) var firstLineLength: Int?

  /// The head's length, empty line included. `bytes` begin where they began before, and only grow.
  mutating func find(in bytes: UnsafeRawBufferPointer) -> Int? {
    while let lineFeed = bytes.firstLineFeed(from: scanned) {
      let length = lineFeed &- lineStart
      scanned = lineFeed &+ 1
      if length == 0 || (length == 1 && bytes[lineStart] == .carriageReturn) { return scanned }
      if firstLineLength == nil { firstLineLength = scanned }
      lineStart = scanned
    }
    scanned = bytes.count
    return nil
  }

  /// The length of the empty lines that `bytes` begin with; they are to be ignored (RFC 9112 §2.2).
  static func emptyLines(_ bytes: UnsafeRawBufferPointer) -> Int {
    var index = 0
    while index < bytes.count {
      if bytes[index] == .lineFeed {
        index += 1
      } else if bytes[index] == .carriageReturn, index + 1 < bytes.count, bytes[index + 1] == .lineFeed {
        index += 2
      } else {
        break
      }
    }
    return index
  }
}
