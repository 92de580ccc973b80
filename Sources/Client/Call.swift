import HTTP
import Servers

/// What is asked of the servers, whichever of them it will be: the request's text without what depends on the
/// host or the try.
package struct Call: Sendable {
  package let kind: Errand.Kind
  package let demand: Errand.Demand
  /// `PUT /color HTTP/1.1` with its CRLF and the fields that are the same at every try.
  private var head: [UInt8]
  private let content: [UInt8]
  /// How the body of a reply that is about the call's key begins: `key=`. Empty where any body will do.
  package let prefix: [UInt8]

  /// Bytes of a key that a server takes: `TextRules.keyScalarsMax` scalars of four bytes.
  private init(
    _ method: StaticString, target: [UInt8], kind: Errand.Kind, demand: Errand.Demand, prefix: [UInt8] = [],
    content: [UInt8]? = nil
  ) {
    self.kind = kind
    self.demand = demand
    self.prefix = prefix
    self.content = content ?? []
    head = []
    head.reserveCapacity(target.count + 160)
    head.put(method)
    head.put(" /")
    head += target
    head.put(" HTTP/1.1\r\n")
    switch demand {
    case .best: break
    case .linearizable: head.put("KV-Consistency: linearizable\r\n")
    case .any where kind == .read: head.put("KV-Consistency: local\r\n")
    case .any: break
    }
    if let content {
      head.put("Content-Length: ")
      head.putDecimal(UInt64(content.count))
      head.put("\r\n")
    }
  }

  private static func encoded(_ key: [UInt8]) -> [UInt8] {
    var target: [UInt8] = []
    key.withUnsafeBytes { target.putPercentEncoded($0) }
    // A raw `/-/` would be one of the server's own paths.
    if target.starts(with: [UInt8(ascii: "-"), UInt8(ascii: "/")]) { preconditionFailure("a slash is encoded") }
    return target
  }

  /// The key must keep `TextRules`. `.any` asks for the server's own state.
  package static func read(_ key: [UInt8], demand: Errand.Demand) -> Call {
    Call("GET", target: encoded(key), kind: .read, demand: demand, prefix: key + [UInt8(ascii: "=")])
  }

  /// Key and value must keep `TextRules`.
  package static func write(_ key: [UInt8], value: [UInt8], demand: Errand.Demand) -> Call {
    Call(
      "PUT", target: encoded(key), kind: .write, demand: demand, prefix: key + [UInt8(ascii: "=")],
      content: value)
  }

  /// The key must keep `TextRules`.
  package static func delete(_ key: [UInt8], demand: Errand.Demand) -> Call {
    Call("DELETE", target: encoded(key), kind: .write, demand: demand, prefix: key + [UInt8(ascii: "=")])
  }

  /// A server's own path, such as `/-/dump`.
  package static func admin(_ path: StaticString) -> Call {
    Call("GET", target: path.target, kind: .read, demand: .best)
  }

  /// A POST to a server's own path.
  package static func command(_ path: StaticString) -> Call {
    Call("POST", target: path.target, kind: .command, demand: .any, content: [])
  }

  /// The same write, executed only if the key's value is the one of this tag.
  package func ifMatch(_ tag: EntityTag) -> Call {
    var call = self
    call.head.put("If-Match: ")
    call.head.put(tag)
    call.head.put("\r\n")
    return call
  }

  /// The same write, executed only if the key has no value.
  package func ifAbsent() -> Call {
    var call = self
    call.head.put("If-None-Match: *\r\n")
    return call
  }

  /// Appends the whole request to `host` under `key`, which only writes carry.
  func put(into output: inout [UInt8], host: [UInt8], key: IdempotencyKey) {
    output += head
    output.put("Host: ")
    output += host
    if kind == .write {
      output.put("\r\nIdempotency-Key: ")
      output.putDecimal(key.milliseconds)
      output.put("-")
      output += Array(hexadecimal(key.random).utf8)
    }
    output.put("\r\n\r\n")
    output += content
  }
}

extension [UInt8] {
  mutating func put(_ text: StaticString) {
    append(contentsOf: UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }
}

extension StaticString {
  /// A path's bytes without the leading slash.
  fileprivate var target: [UInt8] {
    var bytes: [UInt8] = []
    bytes.put(self)
    precondition(bytes.first == UInt8(ascii: "/"))
    return Array(bytes.dropFirst())
  }
}
