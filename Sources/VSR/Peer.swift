/// What a replica knows of another server. Only an answer to one of its own nonces tells who lives there.
struct Peer: Sendable {
  /// The life, and the run, that answered last.
  private(set) var incarnation: Incarnation?
  private(set) var session: Session = 0
  /// The greatest nonce that was answered: an answer to an older one is old news.
  private(set) var answeredNonce: UInt64 = 0
  /// Lives that were heard of, with the last nonce that had been sent by then; and those proven over.
  private var known: [(incarnation: Incarnation, nonce: UInt64)] = []
  private(set) var dead: [Incarnation] = []
  /// The life that counts in the current configuration, 0 for none: what is known of it is not forgotten.
  var member: Incarnation = 0
  /// When it last said anything, and when it last answered.
  private(set) var heardAt: Tick?
  private(set) var answeredAt: Tick?
  private(set) var silence = Silence()
  /// Since when it has been suspected, without pause, by a server that had a quorum in contact all the while.
  private(set) var suspectedSince: Tick?
  /// Its connection was refused or reset since it was last heard.
  private(set) var isReset = false
  var view: View = 0
  var commit: Op = 0
  var epochNumber: UInt64 = 0
  /// When it was last asked for state, told that it is behind, and sent a snapshot's part.
  var askedAt: Tick?
  var movedAt: Tick?
  /// When its process last said that it is about to end.
  var leavingAt: Tick?
  /// When it last failed to answer a probe in time.
  private var missedProbeAt: Tick?

  mutating func putOff(by ticks: Tick) {
    heardAt = heardAt.map { $0 + ticks }
    answeredAt = answeredAt.map { $0 + ticks }
    suspectedSince = suspectedSince.map { $0 + ticks }
    silence.forgetGap()
  }

  /// On every tick. `isAnew`: what was suspected before says nothing.
  mutating func note(isSuspected: Bool, isAnew: Bool, at now: Tick) {
    if !isSuspected {
      suspectedSince = nil
    } else if suspectedSince == nil || isAnew {
      suspectedSince = now
    }
  }

  /// It spoke, in whatever words: a gap longer than `limit` is none of a living server.
  mutating func hear(at now: Tick, limit: Tick) {
    if let heardAt, now > heardAt { silence.end(gap: now - heardAt, limit: limit) }
    heardAt = now
    isReset = false
  }

  mutating func answer(at now: Tick) { answeredAt = now }

  mutating func missProbe(at now: Tick) { missedProbeAt = now }

  /// It missed a probe, and has answered nothing since.
  var owesProbeReply: Bool {
    guard let missedProbeAt else { return false }
    return answeredAt.map { $0 <= missedProbeAt } ?? true
  }

  /// Its connection was refused or reset: the gap that follows is one of redialling.
  mutating func reset() {
    isReset = true
    leavingAt = nil
    silence.forgetGap()
  }

  func isDead(_ incarnation: Incarnation) -> Bool {
    dead.contains(incarnation)
  }

  /// From now on an answer by another life proves this one over.
  mutating func learn(of incarnation: Incarnation, lastNonce: UInt64) {
    guard incarnation != 0, !known.contains(where: { $0.incarnation == incarnation }) else { return }
    if known.count >= Bounds.incarnationsKnownMax,
      let oldest = known.firstIndex(where: { $0.incarnation != member })
    {
      known.remove(at: oldest)
    }
    known.append((incarnation, lastNonce))
  }

  private mutating func bury(_ incarnation: Incarnation) {
    if dead.count >= Bounds.incarnationsKnownMax, let oldest = dead.firstIndex(where: { $0 != member }) {
      dead.remove(at: oldest)
    }
    dead.append(incarnation)
  }

  /// An answer to `nonce`. Returns whether another life, or another run, is there than before.
  mutating func hear(
    _ incarnation: Incarnation, session: Session, answering nonce: UInt64, isProof: Bool
  ) -> Bool {
    guard nonce > answeredNonce, !isDead(incarnation) else { return false }
    answeredNonce = nonce
    for other in known where other.incarnation != incarnation && (nonce > other.nonce || !isProof) {
      bury(other.incarnation)
    }
    let over = dead
    known.removeAll { over.contains($0.incarnation) }
    learn(of: incarnation, lastNonce: nonce)
    let isNew = self.incarnation != incarnation || self.session != session
    self.incarnation = incarnation
    self.session = session
    if isNew { leavingAt = nil }
    return isNew
  }
}
