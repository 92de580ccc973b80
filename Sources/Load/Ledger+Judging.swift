import History

/// What the checker found in one window.
struct WindowVerdict {
  var judgement: Judgement
  /// The violation in full, where there is one.
  var text = ""
}

extension Ledger {
  /// Operations of the key that are shown before and after those that show a violation.
  private static let aroundCount = 8

  func judge(_ entries: [LedgerEntry], initial: ObservedValue, key: UInt32) -> WindowVerdict {
    let history = made(of: entries, initial: initial, key: key)
    let verdict = check(history)
    if let violation = verdict.violations.first {
      return WindowVerdict(judgement: .violation(violation), text: explain(violation, history))
    }
    return WindowVerdict(judgement: verdict.gaveUp.isEmpty ? .linearizable : .gaveUp)
  }

  private func made(
    of entries: [LedgerEntry], initial: ObservedValue, key: UInt32
  ) -> History {
    var history = History()
    let number = history.key(keys.text(of: key))
    func value(_ observed: ObservedValue) -> RegisterValue {
      bytes(of: observed).map { history.value($0) } ?? .absent
    }
    history.setInitial(value(initial), of: number)
    for entry in entries.sorted(by: { $0.invocation < $1.invocation }) {
      let outcome: RegisterOperation.Outcome =
        switch entry.outcome {
        case .done: .done(value(entry.seen))
        case .failed: .failed
        case .open: .open
        }
      history.append(
        RegisterOperation(
          client: entry.client, key: number,
          action: entry.action == .read ? .read : .write(value(entry.written)),
          outcome: outcome, invocation: entry.invocation, response: entry.response))
    }
    return history
  }

  private func explain(_ violation: HistoryViolation, _ history: History) -> String {
    var text = violation.explain(history)
    guard let first = violation.operations.min(), let last = violation.operations.max() else { return text }
    let from = max(0, first - Self.aroundCount)
    let to = min(history.operations.count - 1, last + Self.aroundCount)
    text += " the operations of this key around it:\n"
    for index in from...to {
      var line: [UInt8] = []
      history.write(history.operations[index], into: &line)
      text += "  \(String(decoding: line, as: UTF8.self))\n"
    }
    return text
  }
}
