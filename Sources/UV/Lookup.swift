import CLibUV

/// One question to the name service, asked in libuv's pool.
package final class Lookup {
  private let raw: UnsafeMutablePointer<uv_getaddrinfo_t>
  private let loop: Loop
  private let port: UInt16
  private var completion: ((Result<[SocketAddress], UVError>) -> Void)?

  /// Asks for the addresses of `host`, a name or numeric. The completion comes once, later and not within this
  /// call, with at least one address in the order of preference, or an error such as `.noName`, `.tryAgain`. A
  /// name that cannot be one is thrown.
  @discardableResult
  package init(
    _ loop: Loop, host: String, port: UInt16,
    completion: @escaping (Result<[SocketAddress], UVError>) -> Void
  ) throws(UVError) {
    self.loop = loop
    self.port = port
    self.completion = completion
    raw = .allocate(capacity: 1)
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    let hold = Unmanaged.passRetained(self)
    raw.pointee.data = hold.toOpaque()
    let result = uv_getaddrinfo(loop.raw, raw, Lookup.onDone, host, nil, &hints)
    guard result == 0 else {
      hold.release()
      throw UVError(code: result)
    }
  }

  deinit { raw.deallocate() }

  /// The completion will not be called. One that runs in the pool already still keeps the loop alive until
  /// the name service has answered.
  package func cancel() {
    guard completion != nil else { return }
    completion = nil
    uv_cancel(uvx_getaddrinfo_req(raw))
  }

  private static let onDone: uv_getaddrinfo_cb = { raw, status, list in
    Unmanaged<Lookup>.fromOpaque(raw!.pointee.data).takeRetainedValue().finish(status, list)
  }

  private func finish(_ status: Int32, _ list: UnsafeMutablePointer<addrinfo>?) {
    defer { uv_freeaddrinfo(list) }
    guard let completion else { return }
    self.completion = nil
    completion(status == 0 ? .success(addresses(list)) : .failure(UVError(code: status)))
  }

  private func addresses(_ list: UnsafeMutablePointer<addrinfo>?) -> [SocketAddress] {
    var found: [SocketAddress] = []
    for entry in sequence(first: list, next: { $0?.pointee.ai_next }) {
      guard let entry else { break }
      var raw = uvx_address_t()
      guard uvx_address_copy(entry.pointee.ai_addr, &raw) != 0, var address = SocketAddress(raw) else {
        continue
      }
      address.port = port
      if !found.contains(address) { found.append(address) }
    }
    return found
  }
}
