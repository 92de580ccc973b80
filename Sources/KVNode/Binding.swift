import Servers
import UV

/// Finds what to bind, and binds it: at once, or when the machine gets its address.
final class Binding {
  private static let patience: UInt64 = 30_000
  private static let retry: UInt64 = 250

  private let loop: Loop
  private let log: Log
  private let host: String
  private let port: UInt16
  private let bind: (SocketAddress) throws(UVError) -> SocketAddress
  private let completion: (Result<[SocketAddress], Failure>) -> Void
  private var timer: Timer?
  private var lookup: Lookup?
  private var deadline: UInt64
  private var hasSaidSo = false

  /// `host`: a numeric address or a name, all of whose addresses are bound. The completion comes once, later and
  /// not within this call.
  init(
    _ loop: Loop, log: Log, host: String, port: UInt16,
    bind: @escaping (SocketAddress) throws(UVError) -> SocketAddress,
    completion: @escaping (Result<[SocketAddress], Failure>) -> Void
  ) {
    (self.loop, self.log, self.host, self.port) = (loop, log, host, port)
    (self.bind, self.completion) = (bind, completion)
    deadline = loop.now + Self.patience
    timer = Timer(loop) { [unowned self] in attempt() }
    timer?.start(after: 0)
  }

  func cancel() {
    timer?.close()
    lookup?.cancel()
  }

  private func attempt() {
    if let address = SocketAddress(host, port: port) { return bindAll([address]) }
    do throws(UVError) {
      lookup = try Lookup(loop, host: host, port: port) { [weak self] result in
        switch result {
        case .success(let addresses): self?.bindAll(addresses)
        case .failure(.tryAgain): self?.wait(for: .tryAgain)
        case .failure(let error): self?.finish(error)
        }
      }
    } catch {
      finish(error)
    }
  }

  /// Of a name's addresses the machine need not have all.
  private func bindAll(_ addresses: [SocketAddress]) {
    var bound: [SocketAddress] = []
    for address in addresses {
      do throws(UVError) {
        bound.append(try bind(address))
      } catch {
        guard error == .addressNotAvailable else { return finish(error) }
      }
    }
    if bound.isEmpty { return wait(for: .addressNotAvailable) }
    timer?.close()
    completion(.success(bound))
  }

  private func wait(for error: UVError) {
    guard loop.now < deadline else { return finish(error) }
    if !hasSaidSo {
      log.write(
        .warn, "address-awaited",
        ["address": "\(host):\(port)", "reason": error.message, "seconds": "\(Self.patience / 1000)"])
      hasSaidSo = true
    }
    timer?.start(after: Self.retry)
  }

  private func finish(_ error: UVError) {
    timer?.close()
    completion(.failure(.environment("cannot listen at \(host):\(port): \(error.message)")))
  }
}
