import Frontend
import Replication
import UV

/// An orderly end: another becomes primary, what is in flight is answered, then everything closes.
final class Stopping {
  /// Milliseconds for the others to find a primary, and to agree on who decides without this server.
  private static let handOverTimeout: UInt64 = 600
  private static let leaveTimeout: UInt64 = 1_800
  private static let interval: UInt64 = 10

  private let loop: Loop
  private let driver: ReplicaDriver
  private let completion: () -> Void
  private var timer: Timer?
  private let start: UInt64
  private var limit = handOverTimeout
  private var isFrontendStopped = false

  init(_ loop: Loop, _ driver: ReplicaDriver, _ frontend: Frontend, completion: @escaping () -> Void) {
    (self.loop, self.driver, self.completion) = (loop, driver, completion)
    start = loop.now
    timer = Timer(loop) { [unowned self] in proceed() }
    timer?.start(after: Self.interval, repeating: Self.interval)
    driver.handOver()
    frontend.stop { [unowned self] in isFrontendStopped = true }
  }

  private func proceed() {
    if driver.mustLeave { limit = Self.leaveTimeout }
    guard isFrontendStopped, driver.isHandedOver || loop.now >= start + limit else { return }
    timer?.close()
    driver.stop(completion)
  }
}
