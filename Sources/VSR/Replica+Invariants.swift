import Bytes

extension Replica {
  /// What must hold between any two steps; the first that does not, in words.
  package func violatedInvariant() -> String? {
    if execution.op > commit { return "executed \(execution.op) beyond commit \(commit)" }
    if commit > log.head { return "commit \(commit) beyond the log's head \(log.head)" }
    if logView > view { return "log view \(logView) beyond view \(view)" }
    if status == .normal, isBorn, logView != view { return "normal in view \(view) with log view \(logView)" }
    if execution.op < commit { return "op \(execution.op + 1) is committed and not executed" }
    if log.base > execution.op { return "the log begins behind what was executed" }
    if let digest = log.digest(at: execution.op), digest != execution.digest {
      return "the log and the executed state part at op \(execution.op)"
    }
    if outbox.durableOp > log.head { return "more is on disk than in the log" }
    // Beyond what it inherited: the first op of the view, and a stop-sign, need no room.
    if isNormalPrimary, log.head > max(commit, primary.startOp) + Bounds.pipelineMax + 2 {
      return "the pipeline overflows"
    }
    return boundViolation
  }

  private var boundViolation: String? {
    if waiting.count > Bounds.waitingGroupsMax { return "too many waiting groups" }
    if reads.count > Bounds.waitingReadsMax { return "too many waiting reads" }
    if primary.queue.count > Bounds.queuedGroupsMax { return "too many queued groups" }
    if outbox.heldCount > Bounds.heldMessagesMax { return "too many held messages" }
    return nil
  }
}
