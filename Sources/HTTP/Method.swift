/// A request's method. All but `other` are known; which are allowed depends on what is asked.
package enum Method: UInt8, Sendable {
  case get
  case head
  case put
  case delete
  case options
  case post
  case patch
  /// Known to nobody here: 501.
  case other

  /// Methods are case-sensitive (RFC 9110 §9.1).
  init(_ name: UnsafeRawBufferPointer) {
    if name.equals("GET") {
      self = .get
    } else if name.equals("HEAD") {
      self = .head
    } else if name.equals("PUT") {
      self = .put
    } else if name.equals("DELETE") {
      self = .delete
    } else if name.equals("OPTIONS") {
      self = .options
    } else if name.equals("POST") {
      self = .post
    } else if name.equals("PATCH") {
      self = .patch
    } else {
      self = .other
    }
  }

  var name: StaticString {
    switch self {
    case .get: "GET"
    case .head: "HEAD"
    case .put: "PUT"
    case .delete: "DELETE"
    case .options: "OPTIONS"
    case .post: "POST"
    case .patch: "PATCH"
    case .other: "-"
    }
  }
}

/// The value of a reply's `Allow` field.
package enum Allow: UInt8, Sendable {
  /// The classic dialect, and a target that writes by GET.
  case get
  /// Keys.
  case keys
  /// An admin path that tells something.
  case getAndHead
  /// An admin path that does something.
  case post

  var names: StaticString {
    switch self {
    case .get: "GET"
    case .keys: "GET, HEAD, PUT, DELETE, OPTIONS"
    case .getAndHead: "GET, HEAD"
    case .post: "POST"
    }
  }
}
