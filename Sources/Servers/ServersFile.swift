/// What is wrong with a servers.txt, and where: `servers.txt:3: port "0" is out of range: 1 to 65535`.
package struct ServersError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The name of the file as the one who started the program knows it.
  package let file: String
  /// From 1.
  package let line: Int
  package let reason: String

  package init(file: String, line: Int, reason: String) {
    self.file = file
    self.line = line
    self.reason = reason
  }

  /// A file that cannot be read at all fails at its first line.
  package static func unreadable(file: String, reason: String) -> ServersError {
    ServersError(file: file, line: 1, reason: "cannot be read: \(reason)")
  }

  package var description: String { "\(file):\(line): \(reason)" }
}

/// The entries of a servers.txt in the order written: one `host:port` a line, this server's own first. White
/// space around an entry, blank lines, `#` comments, CR and a byte-order mark are ignored.
package struct ServersFile: Equatable, Sendable {
  /// 1 to `ServersFile.entriesMax`, no two the same place.
  package let entries: [ServerAddress]

  /// The assignment needs four; seven is the greatest cluster that is tested.
  package static let entriesMax = 7
  /// Bytes of a file. What is longer is not a servers.txt; a reader need read only one byte more.
  package static let bytesMax = 64 << 10

  /// Throws the first fault by line. `file` is for messages.
  package init(parsing bytes: [UInt8], file: String) throws(ServersError) {
    guard bytes.count <= Self.bytesMax else {
      throw ServersError(
        file: file, line: 1, reason: "longer than \(Self.bytesMax) bytes: not a list of servers")
    }
    var entries: [(address: ServerAddress, line: Int)] = []
    var line = 0
    for text in Self.withoutMark(bytes).split(separator: newline, omittingEmptySubsequences: false) {
      line += 1
      let entry = trimmed(text.prefix { $0 != UInt8(ascii: "#") })
      if entry.isEmpty { continue }
      let address = try Self.address(entry, file: file, line: line)
      if let first = entries.first(where: { $0.address.isSamePlace(as: address) }) {
        throw ServersError(
          file: file, line: line, reason: "\(quoted(entry)) repeats the server of line \(first.line)")
      }
      guard entries.count < Self.entriesMax else {
        throw ServersError(file: file, line: line, reason: "more than \(Self.entriesMax) servers")
      }
      entries.append((address, line))
    }
    guard !entries.isEmpty else {
      throw ServersError(file: file, line: 1, reason: "names no server: expected one host:port a line")
    }
    self.entries = entries.map(\.address)
  }

  private static func address(
    _ entry: ArraySlice<UInt8>, file: String, line: Int
  ) throws(ServersError) -> ServerAddress {
    do throws(AddressError) {
      return try ServerAddress(parsing: entry)
    } catch {
      throw ServersError(file: file, line: line, reason: error.description)
    }
  }

  private static func withoutMark(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
    bytes.starts(with: [0xef, 0xbb, 0xbf]) ? bytes[3...] : bytes[...]
  }
}

private let newline = UInt8(ascii: "\n")

/// Without white space at either end. A CR counts as such.
func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
  func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }
  var rest = bytes.drop(while: isSpace)
  while let last = rest.last, isSpace(last) { rest.removeLast() }
  return rest
}
