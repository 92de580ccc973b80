import Frontend
import Replication
import UV

/// An orderly end: another becomes primary, what is in flight is answered, then everything closes.
final class Stopping {
  /// Milliseconds for the others to find a primary.
  private static let handOverTimeout: UInt64 = 600
  private static let interval: UInt64 = 10

  private let loop: Loop
  private let driver: ReplicaDriver
  private let completion: () -> Void
  private var timer: Timer?
  private let deadline: UInt64
  private var isFrontendStopped = false

  init(_ loop: Loop, _ driver: ReplicaDriver, _ frontend: Frontend, completion: @escaping () -> Void) {
    (self.loop, self.driver, self.completion) = (loop, driver, completion)
    deadline = loop.now + Self.handOverTimeout
    timer = Timer(loop) { [unowned self] in proceed() }
    timer?.start(after: Self.interval, repeating: Self.interval)
    driver.handOver()
    frontend.stop { [unowned self] in isFrontendStopped = true }
  }

  private func proceed() {
    guard isFrontendStopped, driver.isHandedOver || loop.now >= deadline else { return }
    timer?.close()
    driver.stop(completion)
  }
}
