/// The bounds of one message, in bytes unless said.
package enum MessageLimits {
  /// The raw target, as sent: 414 beyond.
  package static let targetMax = 32 * 1024
  /// The request line without its line end: 414 beyond. Room for a method and a version beside the target.
  package static let requestLineMax = targetMax + 64
  /// From the request line's first byte to the blank line's last: 431 beyond. A trailer section counts too.
  package static let headMax = 40 * 1024
  /// The body after its transfer coding is undone: 413 beyond.
  package static let bodyMax = 8 * 1024
  /// One line `size;extensions` of a chunked body, without its line end: 400 beyond.
  package static let chunkLineMax = 256
  /// The text of an idempotency key.
  package static let idempotencyKeyMax = 64
  /// A reply's head, as the client reads it.
  package static let replyHeadMax = 40 * 1024
  /// A reply's body, as the client reads it: room for a dump of a full store.
  package static let replyBodyMax = 256 * 1024 * 1024
}
