import Servers
import UV

/// Finds what to bind, and binds it: at once, or when the machine gets its address. A name that means this machine
/// alone (Debian puts the own name at 127.0.1.1) binds all addresses where another server's does not.
final class Binding {
  private static let patience: UInt64 = 30_000
  private static let retry: UInt64 = 250

  private let loop: Loop
  private let log: Log
  private let host: String
  private let port: UInt16
  private let others: [ServerAddress]
  private let bind: (SocketAddress) throws(UVError) -> SocketAddress
  private let completion: (Result<[SocketAddress], Failure>) -> Void
  private var timer: Timer?
  private var lookup: Lookup?
  private var deadline: UInt64
  private var hasSaidSo = false

  /// `host`: a numeric address or a name, all of whose addresses are bound. `others`: the other servers, where
  /// they matter. The completion comes once, later and not within this call.
  init(
    _ loop: Loop, log: Log, host: String, port: UInt16, others: [ServerAddress],
    bind: @escaping (SocketAddress) throws(UVError) -> SocketAddress,
    completion: @escaping (Result<[SocketAddress], Failure>) -> Void
  ) {
    (self.loop, self.log, self.host, self.port) = (loop, log, host, port)
    (self.others, self.bind, self.completion) = (others, bind, completion)
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
    lookUp(host) { [weak self] result in
      switch result {
      case .success(let addresses): self?.bind(named: addresses)
      case .failure(.tryAgain): self?.wait(for: .tryAgain)
      case .failure(let error): self?.finish(error)
      }
    }
  }

  private func lookUp(_ host: String, completion: @escaping (Result<[SocketAddress], UVError>) -> Void) {
    do throws(UVError) {
      lookup = try Lookup(loop, host: host, port: port, completion: completion)
    } catch {
      finish(error)
    }
  }

  private func bind(named addresses: [SocketAddress]) {
    guard addresses.allSatisfy(\.isLoopback) else { return bindAll(addresses) }
    lookForElsewhere(others[...], orBind: addresses)
  }

  /// One after another, until one is found that is not on this machine. One that cannot be resolved says nothing.
  private func lookForElsewhere(_ rest: ArraySlice<ServerAddress>, orBind own: [SocketAddress]) {
    guard let other = rest.first else { return bindAll(own) }
    if let address = SocketAddress(other.host, port: other.port) {
      return address.isLoopback ? lookForElsewhere(rest.dropFirst(), orBind: own) : bindAnywhere()
    }
    lookUp(other.host) { [weak self] result in
      if case .success(let addresses) = result, addresses.contains(where: { !$0.isLoopback }) {
        self?.bindAnywhere()
      } else {
        self?.lookForElsewhere(rest.dropFirst(), orBind: own)
      }
    }
  }

  /// `::` takes IPv4 too; a machine may lack IPv6.
  private func bindAnywhere() {
    var last = UVError.addressNotAvailable
    for text in ["::", "0.0.0.0"] {
      guard let address = SocketAddress(text, port: port) else { continue }
      do throws(UVError) {
        let bound = try bind(address)
        timer?.close()
        return completion(.success([bound]))
      } catch {
        last = error
        guard error == .familyNotSupported || error == .addressNotAvailable else { return finish(error) }
      }
    }
    finish(last)
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
