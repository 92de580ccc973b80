/// A violation in words.
extension HistoryViolation {
  /// One line that says what is wrong, then the operations that show it, one a line in the history's format.
  package func explain(_ history: History) -> String {
    var text = "key \(printable(history.keys.bytes(of: key))): \(reason(history))\n"
    for index in operations { text += "  " + line(index, history) + "\n" }
    return text
  }

  private func reason(_ history: History) -> String {
    func told(_ position: Int) -> String { describe(history.operations[operations[position]], history) }
    switch rule {
    case .neverWritten:
      return told(0) + ", which nobody wrote"
        + (operations.count > 1 ? " (its write was certainly not done)" : "")
    case .replacedTwice:
      return told(0) + " and " + told(1) + " too, but it was written once only: one of the two was lost"
    case .circular:
      return "each of these replaced what another of them wrote: none can be the first"
    case .outOfOrder:
      return told(0) + (operations.count > 2 ? ", which " + told(2) + " replaced" : "")
        + "; so it took effect before " + told(1) + ", but was invoked only after that one's answer"
    case .interleaved:
      return "two runs of values, each of which must be whole before the other: " + told(0) + " before "
        + told(1) + ", and " + told(2) + " before " + told(3)
    case .noOrder:
      return "no order of these operations explains their results"
    }
  }

  private func describe(_ operation: RegisterOperation, _ history: History) -> String {
    let action: String
    switch operation.action {
    case .read: action = "read"
    case .write(let value): action = "write of " + shown(value, history)
    case .delete: action = "delete"
    }
    let span = "[\(operation.invocation), \(operation.outcome == .open ? "…" : "\(operation.response)")]"
    var text = "\(action) by client \(operation.client) at \(span)"
    if case .done(let value) = operation.outcome { text += " that returned " + shown(value, history) }
    return text
  }

  private func shown(_ value: RegisterValue, _ history: History) -> String {
    value == .absent ? "absent" : "\"\(printable(history.values.bytes(of: value.number)))\""
  }

  private func line(_ index: Int, _ history: History) -> String {
    var bytes: [UInt8] = []
    history.write(history.operations[index], into: &bytes)
    return printable(bytes)
  }

  private func printable(_ bytes: [UInt8]) -> String {
    String(decoding: bytes, as: UTF8.self)
  }
}
