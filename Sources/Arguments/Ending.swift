import ArgumentParser

/// How a program ends for what its command line came to: what it prints, where, and its exit status.
package struct Ending: Equatable, Sendable {
  /// Whole lines, or nothing.
  package var text: String
  /// stderr; what was asked for, as `--help`, goes to stdout.
  package var isError: Bool
  package var status: Int32

  /// Wrong usage; the parser's own status for it is 64.
  package static let usageStatus: Int32 = 2

  package init(text: String, isError: Bool, status: Int32) {
    (self.text, self.isError, self.status) = (text, isError, status)
  }

  /// One line, as all programs have it.
  package static func fault(_ message: String, status: Int32) -> Ending {
    let lines = message.split(whereSeparator: \.isNewline).map { $0.drop(while: \.isWhitespace) }
    return Ending(text: "ERROR: \(lines.joined(separator: " "))\n", isError: true, status: status)
  }
}

extension ParsableArguments {
  /// `error`: what parsing or running this command threw.
  package static func ending(for error: any Error) -> Ending {
    let code = exitCode(for: error)
    let message = message(for: error)
    if code.isSuccess {
      return Ending(text: message.isEmpty ? "" : message + "\n", isError: false, status: code.rawValue)
    }
    let status = code == .validationFailure ? Ending.usageStatus : code.rawValue
    // A status without words: they were said already.
    if message.isEmpty { return Ending(text: "", isError: true, status: status) }
    return .fault(message, status: status)
  }
}
