import HTTP

/// Keeps the history of a run: every operation goes to the file, where one is asked for, and to the ledger, where
/// it is checked.
struct LoadWatch {
  let ledger: Ledger?
  private let file: HistoryFile?
  private let line: HistoryLine
  private let keyLength: Int

  init(_ options: LoadOptions, ledger: Ledger?, file: HistoryFile?) {
    self.ledger = ledger
    self.file = file
    line = HistoryLine(options)
    keyLength = KeyText(options).count
  }

  func begin(_ request: LoadRequest) { ledger?.begin(request) }

  /// A reply of status 200 that is linearizable.
  func succeed(_ request: LoadRequest, client: Int, _ response: Response, at now: UInt64) {
    let value = response.value(ofKeyWithLength: keyLength)
    put(request, client, now, .done(value))
    guard let ledger else { return }
    end(request, client, .done, seen: ledger.observe(value), at: now)
  }

  /// Certainly not executed.
  func refuse(_ request: LoadRequest, client: Int, at now: UInt64) {
    put(request, client, now, .failed)
    end(request, client, .failed, at: now)
  }

  /// No reply, or one that says nothing certain. Also a write with a labelled answer, which may be undone.
  func leaveOpen(_ request: LoadRequest, client: Int, at now: UInt64) {
    put(request, client, now, .open)
    end(request, client, .open, at: now)
  }

  /// A labelled answer to a read promises nothing that could be checked.
  func leaveOut(_ request: LoadRequest) { ledger?.forget(request) }

  private func put(
    _ request: LoadRequest, _ client: Int, _ now: UInt64, _ outcome: HistoryLine.Outcome
  ) {
    file?.append { line.put(request, client: client, end: now, outcome, into: &$0) }
  }

  private func end(
    _ request: LoadRequest, _ client: Int, _ outcome: LedgerEntry.Outcome,
    seen: ObservedValue = .absent, at now: UInt64
  ) {
    guard let ledger else { return }
    if request.action == .read, outcome != .done { return ledger.forget(request) }
    ledger.end(
      request,
      LedgerEntry(
        action: request.action, outcome: outcome, client: UInt32(client), invocation: request.sent,
        response: now, written: request.action == .write ? .own(request.number) : .absent, seen: seen))
  }
}
