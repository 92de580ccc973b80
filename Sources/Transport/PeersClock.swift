import UV

/// The transport's handles on the loop, beside the links' own.
///
/// libuv 1.44 runs timers before it polls: a process that was held up would judge its peers silent while their
/// bytes lie unread. So a tick only asks for a judgement, which comes once the sockets were polled, by the time
/// before that.
final class PeersClock {
  private unowned let peers: Peers
  private var tick: Timer?
  private var soon: Timer?
  private var prepare: PrepareHandle?
  private var check: CheckHandle?
  private var heardUntil: UInt64 = 0

  init(_ peers: Peers) {
    self.peers = peers
    let loop = peers.loop
    tick = Timer(loop) { [unowned self] in
      prepare?.start()
      check?.start()
    }
    soon = Timer(loop) { [unowned peers] in peers.doLater() }
    prepare = PrepareHandle(loop) { [unowned self] in
      heardUntil = self.peers.loop.now
      prepare?.stop()
    }
    check = CheckHandle(loop) { [unowned self] in
      check?.stop()
      self.peers.judge(at: heardUntil)
    }
    tick?.start(after: peers.times.tick, repeating: peers.times.tick)
  }

  /// In the next turn, which does not wait.
  func callSoon() {
    if soon?.isRunning == false { soon?.start(after: 0) }
  }

  func close() {
    for handle in [tick, soon, prepare, check] as [Handle?] { handle?.close() }
  }
}
