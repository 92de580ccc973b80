/// The status codes that this project sends (RFC 9110 §15, RFC 6585).
package enum Status: UInt16, Sendable, CaseIterable {
  case ok = 200
  case noContent = 204
  case notModified = 304
  case badRequest = 400
  case notFound = 404
  case methodNotAllowed = 405
  case requestTimeout = 408
  case conflict = 409
  case lengthRequired = 411
  case preconditionFailed = 412
  case contentTooLarge = 413
  case uriTooLong = 414
  case unprocessableContent = 422
  case upgradeRequired = 426
  case tooManyRequests = 429
  case headTooLarge = 431
  case internalServerError = 500
  case notImplemented = 501
  case serviceUnavailable = 503
  case gatewayTimeout = 504
  case versionNotSupported = 505
  case insufficientStorage = 507

  /// Replies of this status have neither body nor Content-Length.
  package var isBodiless: Bool { self == .noContent || self == .notModified }

  /// The status line after the version: code and reason phrase.
  var codeAndPhrase: StaticString {
    switch self {
    case .ok: "200 OK"
    case .noContent: "204 No Content"
    case .notModified: "304 Not Modified"
    case .badRequest: "400 Bad Request"
    case .notFound: "404 Not Found"
    case .methodNotAllowed: "405 Method Not Allowed"
    case .requestTimeout: "408 Request Timeout"
    case .conflict: "409 Conflict"
    case .lengthRequired: "411 Length Required"
    case .preconditionFailed: "412 Precondition Failed"
    case .contentTooLarge: "413 Content Too Large"
    case .uriTooLong: "414 URI Too Long"
    case .unprocessableContent: "422 Unprocessable Content"
    case .upgradeRequired: "426 Upgrade Required"
    case .tooManyRequests: "429 Too Many Requests"
    case .headTooLarge: "431 Request Header Fields Too Large"
    case .internalServerError: "500 Internal Server Error"
    case .notImplemented: "501 Not Implemented"
    case .serviceUnavailable: "503 Service Unavailable"
    case .gatewayTimeout: "504 Gateway Timeout"
    case .versionNotSupported: "505 HTTP Version Not Supported"
    case .insufficientStorage: "507 Insufficient Storage"
    }
  }
}
