/// A line of a history's text that means nothing.
package struct MalformedHistory: Error, Equatable, CustomStringConvertible {
  /// From 1.
  package let line: Int
  package let reason: String

  package var description: String { "line \(line): \(reason)" }
}

extension History {
  /// Reads the text form (see `text()`). The last line may lack its end.
  package init(text: [UInt8]) throws(MalformedHistory) {
    self.init()
    var number = 0
    for line in text.split(separator: newline, omittingEmptySubsequences: false) {
      number += 1
      if line.isEmpty || line.first == UInt8(ascii: "#") { continue }
      do {
        try read(line)
      } catch {
        throw MalformedHistory(line: number, reason: error.reason)
      }
    }
  }

  private mutating func read(_ line: ArraySlice<UInt8>) throws(LineError) {
    var fields = Fields(rest: line.split(separator: space, omittingEmptySubsequences: false)[...])
    let first = try fields.take("client")
    if first.elementsEqual("initial".utf8) {
      let key = try takeKey(&fields)
      setInitial(try takeValue(&fields), of: key)
    } else {
      append(try takeOperation(client: first, &fields))
    }
    guard fields.rest.isEmpty else { throw LineError(reason: "more fields than expected") }
  }

  private mutating func takeOperation(
    client: ArraySlice<UInt8>, _ fields: inout Fields
  ) throws(LineError) -> RegisterOperation {
    guard let client = UInt32(exactly: try decimal(client, "client")) else {
      throw LineError(reason: "client out of range")
    }
    let invocation = try decimal(try fields.take("invocation"), "invocation")
    let end = try fields.take("response")
    let isEndless = end.elementsEqual("-".utf8)
    let response = isEndless ? invocation : try decimal(end, "response")
    let word = try fields.take("action")
    let key = try takeKey(&fields)
    let action = try takeAction(word, &fields)
    let outcome = try takeOutcome(&fields)
    guard isEndless == (outcome == .open) else {
      throw LineError(reason: "the response is - of an open operation, and only there")
    }
    guard invocation <= response else { throw LineError(reason: "response before invocation") }
    return RegisterOperation(
      client: client, key: key, action: action, outcome: outcome, invocation: invocation, response: response)
  }

  private mutating func takeAction(
    _ word: ArraySlice<UInt8>, _ fields: inout Fields
  ) throws(LineError) -> RegisterOperation.Action {
    if word.elementsEqual("read".utf8) { return .read }
    if word.elementsEqual("delete".utf8) { return .delete }
    guard word.elementsEqual("write".utf8) else { throw LineError(reason: "action is read, write or delete") }
    let value = try takeValue(&fields)
    guard value != .absent else { throw LineError(reason: "a write of nothing; use delete") }
    return .write(value)
  }

  private mutating func takeOutcome(_ fields: inout Fields) throws(LineError) -> RegisterOperation.Outcome {
    let word = try fields.take("outcome")
    if word.elementsEqual("done".utf8) { return .done(try takeValue(&fields)) }
    if word.elementsEqual("acknowledged".utf8) { return .acknowledged }
    if word.elementsEqual("failed".utf8) { return .failed }
    if word.elementsEqual("open".utf8) { return .open }
    throw LineError(reason: "outcome is done, acknowledged, failed or open")
  }

  private mutating func takeKey(_ fields: inout Fields) throws(LineError) -> Int32 {
    let bytes = try unescape(try fields.take("key"))
    guard !bytes.isEmpty else { throw LineError(reason: "empty key") }
    return key(bytes)
  }

  private mutating func takeValue(_ fields: inout Fields) throws(LineError) -> RegisterValue {
    let field = try fields.take("value")
    if field.elementsEqual("-".utf8) { return .absent }
    guard field.first == UInt8(ascii: "=") else {
      throw LineError(reason: "a value is - or begins with =")
    }
    return value(try unescape(field.dropFirst()))
  }
}

private struct LineError: Error {
  let reason: String
}

private struct Fields {
  var rest: ArraySlice<ArraySlice<UInt8>>

  mutating func take(_ name: String) throws(LineError) -> ArraySlice<UInt8> {
    guard let field = rest.popFirst() else { throw LineError(reason: "\(name) is missing") }
    return field
  }
}

private func decimal(_ field: ArraySlice<UInt8>, _ name: String) throws(LineError) -> UInt64 {
  guard !field.isEmpty, field.allSatisfy({ (0x30...0x39).contains($0) }),
    let number = UInt64(String(decoding: field, as: UTF8.self))
  else { throw LineError(reason: "\(name) is not a number of 64 bits") }
  return number
}

private func unescape(_ field: ArraySlice<UInt8>) throws(LineError) -> [UInt8] {
  var bytes: [UInt8] = []
  var rest = field
  while let byte = rest.popFirst() {
    guard byte == percent else {
      bytes.append(byte)
      continue
    }
    guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
      throw LineError(reason: "% without two hexadecimal digits")
    }
    bytes.append(high << 4 | low)
  }
  return bytes
}

private func digit(_ byte: UInt8) -> UInt8? {
  switch byte {
  case 0x30...0x39: byte - 0x30
  case 0x41...0x46: byte - 0x41 + 10
  case 0x61...0x66: byte - 0x61 + 10
  default: nil
  }
}
