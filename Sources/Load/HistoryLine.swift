import HTTP

/// Lines of a history's text form (docs/history.md), written without the tables of `History`: one operation
/// costs no look-up, and nothing of it is kept.
struct HistoryLine {
  /// What a read returned or a write replaced; nil is absence.
  enum Outcome {
    case done(UnsafeRawBufferPointer?)
    case failed
    case open
  }

  private let keys: KeyText
  private let values: ValueText

  init(_ options: LoadOptions) {
    keys = KeyText(options)
    values = ValueText(options)
  }

  func put(
    _ request: LoadRequest, client: Int, end: UInt64, _ outcome: Outcome, into text: inout [UInt8]
  ) {
    text.putDecimal(UInt64(client))
    text.append(space)
    text.putDecimal(request.sent)
    text.append(space)
    if case .open = outcome { text.append(UInt8(ascii: "-")) } else { text.putDecimal(end) }
    text.put(request.action == .read ? " read " : " write ")
    text.append(contentsOf: keys.text(of: request.key))
    if request.action == .write {
      let value = values.text(of: request.number)
      value.withUnsafeBytes { put($0, into: &text) }
    }
    switch outcome {
    case .done(let value):
      text.put(" done")
      put(value, into: &text)
    case .failed: text.put(" failed")
    case .open: text.put(" open")
    }
    text.append(UInt8(ascii: "\n"))
  }

  private func put(_ value: UnsafeRawBufferPointer?, into text: inout [UInt8]) {
    guard let value else { return text.put(" -") }
    text.put(" =")
    for byte in value {
      if byte <= space || byte == UInt8(ascii: "%") || byte == 0x7f {
        let digits: StaticString = "0123456789ABCDEF"
        text.append(UInt8(ascii: "%"))
        text.append(digits.utf8Start[Int(byte >> 4)])
        text.append(digits.utf8Start[Int(byte & 15)])
      } else {
        text.append(byte)
      }
    }
  }
}

private let space = UInt8(ascii: " ")
