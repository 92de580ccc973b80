import VSR

/// What a check found.
package struct Violation: Equatable, Sendable {
  /// Names of the checks: what must hold.
  package enum Rule: String, CaseIterable, Sendable {
    case invariant
    case boundedEffects = "bounded-effects"
    case framesDecode = "frames-decode"
    case journalFollows = "journal-follows"
    case openingIsNotDamaged = "opening-is-not-damaged"
    case syncedSurvives = "synced-survives"
    case oneHistory = "one-history"
    case executedOnHistory = "executed-on-history"
    case snapshotIsCommitted = "snapshot-is-committed"
    case commitNeverFalls = "commit-never-falls"
    case viewNeverFalls = "view-never-falls"
    case logViewNeverFalls = "log-view-never-falls"
    case promisesSurvive = "promises-survive"
    case ackedIsHeld = "acked-is-held"
    case noAckAfterVote = "no-ack-after-vote"
    case frozenIsSilent = "frozen-is-silent"
    case onePrimary = "one-primary"
    case oneOpPrepared = "one-op-prepared"
    /// A write kept without a quorum overwrote what it had not seen, was forgotten, or answered a strict request.
    case keptSeesWhatItOverwrites = "kept-sees-what-it-overwrites"
    case keptWriteEnds = "kept-write-ends"
    case strictIsNotDegraded = "strict-is-not-degraded"
    case nothingAfterStopSign = "nothing-after-stop-sign"
    case oneChangeAtATime = "one-change-at-a-time"
    case onlyMembersSpeak = "only-members-speak"
    case sameState = "same-state"
    case commitsAreRequested = "commits-are-requested"
    case executedOnce = "executed-once"
    case refusedIsNotExecuted = "refused-is-not-executed"
    case doneIsCommitted = "done-is-committed"
    case answeredOnce = "answered-once"
    case tagsNameValues = "tags-name-values"
    case aloneIsCurrent = "alone-is-current"
    case dumpIsWhole = "dump-is-whole"
    case conditionHolds = "condition-holds"
    case lineageNeedsLoss = "lineage-needs-loss"
    case lossIsTold = "loss-is-told"
    case lossIsAcknowledged = "loss-is-acknowledged"
    case converges
    case answersAll = "answers-all"
    case servesAgain = "serves-again"
    case lastServes = "last-serves"
    case linearizable
    case viewsLast = "views-last"
  }

  package var rule: Rule
  package var server: ServerIndex?
  /// Virtual time in microseconds.
  package var time: UInt64
  package var detail: String
}
