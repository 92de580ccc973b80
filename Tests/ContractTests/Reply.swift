import Foundation

/// One HTTP reply, taken apart by the strictest reading of RFC 9112.
struct Reply: Equatable {
  var version: String
  /// Code and reason.
  var status: String
  /// Names in lower case.
  var headers: [String: String]
  var body: String

  subscript(_ name: String) -> String? { headers[name.lowercased()] }

  /// The counter in `ETag: "L-N"`.
  var writeCounter: Int? {
    guard let tag = self["etag"], tag.hasPrefix("\""), tag.hasSuffix("\""), tag.count > 4 else { return nil }
    return tag.dropFirst().dropLast().split(separator: "-").last.flatMap { Int($0) }
  }

  /// The first whole reply in `bytes` and its length, or nil when it is not whole yet.
  static func parse(_ bytes: [UInt8], bodiless: Bool) throws -> (Reply, Int)? {
    guard let end = firstBlankLine(bytes) else { return nil }
    let head = String(decoding: bytes[..<end], as: UTF8.self)
    var lines = head.components(separatedBy: "\r\n")
    let first = lines.removeFirst()
    guard let space = first.firstIndex(of: " "), first.hasPrefix("HTTP/1.") else { throw malformed(head) }
    var reply = Reply(
      version: String(first[..<space]), status: String(first[first.index(after: space)...]), headers: [:],
      body: "")
    for line in lines {
      guard let colon = line.range(of: ": "), !line.contains("\n"), !line.contains("\r") else {
        throw malformed(head)
      }
      let name = line[..<colon.lowerBound].lowercased()
      guard reply.headers[name] == nil else { throw malformed("twice \(name): \(head)") }
      reply.headers[name] = String(line[colon.upperBound...])
    }
    let start = end + 4
    if bodiless || ["1", "204", "304"].contains(where: reply.status.hasPrefix) { return (reply, start) }
    if reply["transfer-encoding"] == "chunked" {
      guard let (body, end) = try chunks(bytes, from: start) else { return nil }
      reply.body = body
      return (reply, end)
    }
    guard let length = reply["content-length"].flatMap({ Int($0) }) else { throw malformed(head) }
    guard bytes.count >= start + length else { return nil }
    reply.body = String(decoding: bytes[start..<start + length], as: UTF8.self)
    return (reply, start + length)
  }

  /// A chunked body and where it ends, or nil when it is not whole yet.
  private static func chunks(_ bytes: [UInt8], from start: Int) throws -> (String, Int)? {
    var body: [UInt8] = []
    var position = start
    while let line = bytes[position...].firstIndex(of: 10) {
      let size = String(decoding: bytes[position..<line], as: UTF8.self)
      guard size.hasSuffix("\r"), let count = Int(size.dropLast(), radix: 16) else { throw malformed(size) }
      let end = line + 1 + count
      guard bytes.count >= end + 2 else { return nil }
      guard bytes[end] == 13, bytes[end + 1] == 10 else { throw malformed("no line end after a chunk") }
      body += bytes[line + 1..<end]
      position = end + 2
      if count == 0 { return (String(decoding: body, as: UTF8.self), position) }
    }
    return nil
  }

  private static func malformed(_ head: String) -> Connection.Failure { .malformed(head) }

  private static func firstBlankLine(_ bytes: [UInt8]) -> Int? {
    guard bytes.count >= 4 else { return nil }
    return (0...bytes.count - 4).first {
      bytes[$0] == 13 && bytes[$0 + 1] == 10 && bytes[$0 + 2] == 13 && bytes[$0 + 3] == 10
    }
  }
}
