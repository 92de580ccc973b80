import Bytes

/// Writes replies into an output buffer that the caller owns. What all replies begin with is put together once a
/// second, when the clock is set.
package struct ReplyWriter: ~Copyable {
  /// From `HTTP/1.1 200 OK` to `Content-Length: `.
  var standardStart: [UInt8] = []
  let classicStart: [UInt8]
  /// `Server`, `Date`, `Cache-Control`.
  var commonFields: [UInt8] = []
  let serverField: [UInt8]
  /// `ETag: "L-` for the lineage that is set.
  private(set) var tagStart: [UInt8] = []
  package private(set) var tagLineage: UInt64 = 0

  /// The longest head: every field at its longest, and the empty line.
  private static let headMax = 1024
  private static let serverMax = 256

  /// `server` is the `Server` field, at most 256 bytes; `seconds`, since 1970, is for `Date`.
  package init(server: StaticString = "quorate", seconds: UInt64 = 0) {
    precondition(server.utf8CodeUnitCount <= Self.serverMax)
    var field: [UInt8] = []
    field.put("Server: ")
    field.put(server)
    field.put("\r\n")
    serverField = field
    var start: [UInt8] = []
    start.put("HTTP/1.0 200 OK\r\n")
    start.put(field)
    start.put("Content-Length: ")
    classicStart = start
    setClock(seconds: seconds)
    setLineage(0)
  }

  /// The lineage that most entity tags will have: theirs are written faster. Others are as good.
  package mutating func setLineage(_ lineage: UInt64) {
    tagLineage = lineage
    tagStart.removeAll(keepingCapacity: true)
    tagStart.put("ETag: \"")
    tagStart.putDecimal(lineage)
    tagStart.put("-")
  }

  /// To be called once a second.
  package mutating func setClock(seconds: UInt64) {
    commonFields.removeAll(keepingCapacity: true)
    commonFields.put(serverField)
    commonFields.put("Date: ")
    DateText.put(seconds: seconds, into: &commonFields)
    commonFields.put("\r\nCache-Control: no-store\r\n")
    standardStart.removeAll(keepingCapacity: true)
    standardStart.put("HTTP/1.1 200 OK\r\n")
    standardStart.put(commonFields)
    standardStart.put("Content-Type: ")
    standardStart.put(ContentType.text.name(in: .standard))
    standardStart.put("\r\nContent-Length: ")
  }

  /// `key=value`, or `key=NIL` and `KV-Present: ?0` where there is no value.
  package func put(
    _ reply: Reply, key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer?, into output: inout [UInt8]
  ) {
    let isBracketed = reply.form.isBracketed
    let keyLength = isBracketed ? key.count + 2 : key.count
    let valueLength = value.map { isBracketed ? $0.count + 2 : $0.count } ?? 3
    let bodyLength = keyLength + 1 + valueLength
    output.append(atMost: Self.headMax + bodyLength) { pen in
      putHead(reply, bodyLength: bodyLength, with: &pen)
      if value == nil { pen.put("KV-Present: ?0\r\n") }
      pen.put("\r\n")
      if reply.hasNoBody { return }
      put(key, isBracketed: isBracketed, with: &pen)
      pen.put("=")
      if let value {
        put(value, isBracketed: isBracketed, with: &pen)
      } else {
        pen.put("NIL")
      }
    }
  }

  private func put(_ side: UnsafeRawBufferPointer, isBracketed: Bool, with pen: inout Pen) {
    if isBracketed { pen.put("[") }
    pen.put(side)
    if isBracketed { pen.put("]") }
  }

  /// One line of text, its end added.
  package func put(_ reply: Reply, line: StaticString, into output: inout [UInt8]) {
    let bodyLength = line.utf8CodeUnitCount + 1
    output.append(atMost: Self.headMax + bodyLength) { pen in
      putHead(reply, bodyLength: bodyLength, with: &pen)
      pen.put("\r\n")
      if reply.hasNoBody { return }
      pen.put(line)
      pen.put("\n")
    }
  }

  package func put(_ refusal: Refusal, into output: inout [UInt8]) {
    put(Reply(refusal), line: refusal.reason, into: &output)
  }

  /// Any body; empty for a bodiless status.
  package func put(_ reply: Reply, body: UnsafeRawBufferPointer, into output: inout [UInt8]) {
    output.append(atMost: Self.headMax + body.count) { pen in
      putHead(reply, bodyLength: body.count, with: &pen)
      pen.put("\r\n")
      if !reply.hasNoBody { pen.put(body) }
    }
  }

  /// The head of a reply with `isStreamed`.
  package func putHead(_ reply: Reply, into output: inout [UInt8]) {
    output.append(atMost: Self.headMax) { pen in
      putHead(reply, bodyLength: 0, with: &pen)
      pen.put("\r\n")
    }
  }

  /// A part of a streamed body, empty or not: a chunk (RFC 9112 §7.1) where the client knows them.
  package func put(_ reply: Reply, part: [UInt8], into output: inout [UInt8]) {
    // An empty chunk would be the last one.
    if part.isEmpty { return }
    guard reply.form.isHTTP11 else { return output.put(part) }
    output.put([UInt8](String(part.count, radix: 16).utf8))
    output.put("\r\n")
    output.put(part)
    output.put("\r\n")
  }

  /// The end of a streamed body.
  package func putEnd(of reply: Reply, into output: inout [UInt8]) {
    if reply.form.isHTTP11 { output.put("0\r\n\r\n") }
  }

  /// The interim reply to `expectsContinue`.
  package func putContinue(into output: inout [UInt8]) {
    output.put("HTTP/1.1 100 Continue\r\n\r\n")
  }

  /// The reply to `upgrade`; the peer protocol follows.
  package func putSwitchingProtocols(into output: inout [UInt8]) {
    output.put("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: quorate/1\r\n\r\n")
  }
}
