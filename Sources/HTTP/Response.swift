/// One whole reply, as the client reads it. The body is borrowed from the parser or from the bytes that it was
/// given, and is valid until the next call of the parser or the return of the read callback, whichever comes first.
package struct Response {
  /// 100 to 999. Interim replies are skipped, but for 101.
  package var status: UInt16
  /// The connection can take the next request.
  package var keepsAlive: Bool
  package var body = UnsafeRawBufferPointer(start: nil, count: 0)
  /// false: `KV-Present: ?0`, there is no value.
  package var isPresent = true
  package var tag: EntityTag?
  package var assurance = Assurance.linearizable
  package var isReplayed = false
  package var floor: UInt64?
  package var retryAfter: UInt32?

  package init(status: UInt16, keepsAlive: Bool) {
    self.status = status
    self.keepsAlive = keepsAlive
  }
}

package enum ParsedResponse {
  /// All bytes given were taken; no reply is whole yet.
  case needsMore
  case response(Response)
  /// What came is no HTTP, in one line. The connection is of no use any more.
  case malformed(StaticString)
}

extension Response {
  /// The value in the body of a reply to a request for `key`: what follows `key=`, or `[key]=` with the value's
  /// brackets taken off. nil: there is none (`isPresent` is false), or the body is not of this form.
  package func value(ofKeyWithLength keyLength: Int, isBracketed: Bool = false) -> UnsafeRawBufferPointer? {
    let start = keyLength + (isBracketed ? 3 : 1)
    guard isPresent, body.count >= start, body[start - 1] == UInt8(ascii: "=") else { return nil }
    let value = body[from: start, to: body.count]
    if !isBracketed { return value }
    guard value.count >= 2, value.first == UInt8(ascii: "["), value.last == UInt8(ascii: "]") else {
      return nil
    }
    return value[from: 1, to: value.count - 1]
  }
}
