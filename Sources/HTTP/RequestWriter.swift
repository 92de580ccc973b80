import Bytes

/// Writes the client's requests, in the standard dialect, into an output buffer that the caller owns.
package struct RequestWriter {
  /// What may be asked beside the key.
  package struct Options {
    package var demand = ConsistencyDemand.unspecified
    /// 1 to 64 bytes without quote, backslash or control character; empty: none.
    package var idempotencyKey: [UInt8] = []
    package var ifMatch: EntityTag?
    /// `If-None-Match: *`: only where there is no value yet.
    package var isCreation = false
    /// The connection is not to be used again.
    package var closes = false

    package init() {}
  }

  private let hostField: [UInt8]

  /// `host`: as in the `Host` field, with the port.
  package init(host: [UInt8]) {
    var field: [UInt8] = []
    field.put(" HTTP/1.1\r\nHost: ")
    field.put(host)
    field.put("\r\n")
    hostField = field
  }

  /// `GET /key`
  package func putRead(
    key: UnsafeRawBufferPointer, options: Options = Options(), into output: inout [UInt8]
  ) {
    putStart("GET /", key: key, options, into: &output)
    output.put("\r\n")
  }

  /// `PUT /key` with the value as body.
  package func putWrite(
    key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, options: Options = Options(),
    into output: inout [UInt8]
  ) {
    putStart("PUT /", key: key, options, into: &output)
    output.put("Content-Length: ")
    output.putDecimal(UInt64(value.count))
    output.put("\r\n\r\n")
    output.put(value)
  }

  /// `DELETE /key`
  package func putRemove(
    key: UnsafeRawBufferPointer, options: Options = Options(), into output: inout [UInt8]
  ) {
    putStart("DELETE /", key: key, options, into: &output)
    output.put("\r\n")
  }

  /// An admin path, `/-/…`, by GET or POST; the body goes with POST.
  package func putAdmin(
    _ method: Method, path: StaticString, body: [UInt8] = [], options: Options = Options(),
    into output: inout [UInt8]
  ) {
    precondition(method == .post || method == .get && body.isEmpty)
    output.put(method.name)
    output.put(" ")
    output.put(path)
    output.put(hostField)
    putFields(options, into: &output)
    if method == .post {
      output.put("Content-Length: ")
      output.putDecimal(UInt64(body.count))
      output.put("\r\n")
    }
    output.put("\r\n")
    output += body
  }

  private func putStart(
    _ start: StaticString, key: UnsafeRawBufferPointer, _ options: Options, into output: inout [UInt8]
  ) {
    output.put(start)
    output.putPercentEncoded(key)
    output.put(hostField)
    putFields(options, into: &output)
  }

  private func putFields(_ options: Options, into output: inout [UInt8]) {
    switch options.demand {
    case .unspecified: break
    case .linearizable: output.put("KV-Consistency: linearizable\r\n")
    case .local: output.put("KV-Consistency: local\r\n")
    }
    if !options.idempotencyKey.isEmpty {
      output.put("Idempotency-Key: ")
      output.put(options.idempotencyKey)
      output.put("\r\n")
    }
    if let tag = options.ifMatch {
      output.put("If-Match: ")
      output.put(tag)
      output.put("\r\n")
    }
    if options.isCreation { output.put("If-None-Match: *\r\n") }
    if options.closes { output.put("Connection: close\r\n") }
  }
}
