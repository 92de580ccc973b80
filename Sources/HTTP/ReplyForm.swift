/// Which of the two ways of speaking HTTP a request chose.
package enum Dialect: UInt8, Sendable {
  /// The assignment's: a bare line from a naive or hand-written client, answered in HTTP/1.0 and closed.
  case classic
  /// RFC 9112: persistent connections, pipelining, percent-decoding, bodies.
  case standard
}

/// What a request decided about the shape of its reply. Five bytes, kept while the request waits.
package struct ReplyForm: Equatable, Sendable {
  package var dialect: Dialect
  /// The reply's status line says HTTP/1.1; otherwise HTTP/1.0.
  package var isHTTP11: Bool
  /// The connection stays open for the next request.
  package var keepsAlive: Bool
  /// Key and value came in literal brackets, and go back in them.
  package var isBracketed: Bool
  /// The reply to HEAD: all headers, no body.
  package var isHead: Bool

  package init(
    dialect: Dialect, isHTTP11: Bool, keepsAlive: Bool, isBracketed: Bool = false, isHead: Bool = false
  ) {
    self.dialect = dialect
    self.isHTTP11 = isHTTP11
    self.keepsAlive = keepsAlive
    self.isBracketed = isBracketed
    self.isHead = isHead
  }

  /// For a reply that answers no request in particular (time-out of a head, a full server).
  package static let unasked = ReplyForm(dialect: .standard, isHTTP11: true, keepsAlive: false)
}
