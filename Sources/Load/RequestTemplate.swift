import HTTP

/// A host's requests, written once: all that changes are the digits of the key and of the value.
struct RequestTemplate {
  private let read: [UInt8]
  private let write: [UInt8]
  private let keyOffset: Int
  private let numberOffset: Int

  /// `host`: as in the `Host` field. GET and PUT have names of equal length, so the key stands at one place.
  init(host: [UInt8], keys: KeyText, values: ValueText) {
    let writer = RequestWriter(host: host)
    var (read, write): ([UInt8], [UInt8]) = ([], [])
    let value = values.text(of: 0)
    keys.text(of: 0).withUnsafeBytes { key in
      writer.putRead(key: key, into: &read)
      value.withUnsafeBytes { writer.putWrite(key: key, value: $0, into: &write) }
    }
    (self.read, self.write) = (read, write)
    keyOffset = "GET /".utf8.count + keys.prefix.count
    numberOffset = write.count - values.size + ValueText.tagCount
  }

  @inline(__always)
  func put(_ request: LoadRequest, into output: inout [UInt8]) {
    let start = output.count
    switch request.action {
    case .read:
      output.append(contentsOf: read)
      output.withUnsafeMutableBytes { bytes in
        bytes.storeBytes(
          of: request.keyDigits.littleEndian, toByteOffset: start + keyOffset, as: UInt64.self)
      }
    case .write:
      output.append(contentsOf: write)
      output.withUnsafeMutableBytes { bytes in
        bytes.storeBytes(
          of: request.keyDigits.littleEndian, toByteOffset: start + keyOffset, as: UInt64.self)
        ValueText.put(request.number, into: bytes, at: start + numberOffset)
      }
    }
  }
}
