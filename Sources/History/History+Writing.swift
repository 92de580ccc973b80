/// The text form of a history, one operation a line, fields apart by one space each:
///
///     CLIENT INVOCATION RESPONSE read   KEY        done VALUE
///     CLIENT INVOCATION RESPONSE write  KEY VALUE  done VALUE      the old value
///     CLIENT INVOCATION RESPONSE delete KEY        done VALUE      the old value
///     CLIENT INVOCATION RESPONSE …                 acknowledged    done, the result unknown
///     CLIENT INVOCATION RESPONSE …                 failed          certainly not done
///     CLIENT INVOCATION -        …                 open            done once, at any time, or never
///     initial KEY VALUE
///
/// A value is `-` for absent, else `=` and its bytes. In keys and values the bytes up to space, `%` and delete
/// are written as `%` and two hexadecimal digits. Blank lines, and lines that begin with `#`, say nothing.
extension History {
  /// The whole history, ready to be read back.
  package func text() -> [UInt8] {
    var bytes: [UInt8] = []
    for (key, value) in initial.sorted(by: { $0.key < $1.key }) {
      bytes.append(contentsOf: "initial ".utf8)
      escape(keys.bytes(of: key), into: &bytes)
      write(value, into: &bytes)
      bytes.append(newline)
    }
    for operation in operations {
      write(operation, into: &bytes)
      bytes.append(newline)
    }
    return bytes
  }

  /// One operation's line, without its end.
  package func write(_ operation: RegisterOperation, into bytes: inout [UInt8]) {
    bytes.append(contentsOf: "\(operation.client) \(operation.invocation) ".utf8)
    bytes.append(contentsOf: (operation.outcome == .open ? "-" : "\(operation.response)").utf8)
    let word: String
    switch operation.action {
    case .read: word = " read "
    case .write: word = " write "
    case .delete: word = " delete "
    }
    bytes.append(contentsOf: word.utf8)
    escape(keys.bytes(of: operation.key), into: &bytes)
    if case .write(let value) = operation.action { write(value, into: &bytes) }
    write(operation.outcome, into: &bytes)
  }

  private func write(_ outcome: RegisterOperation.Outcome, into bytes: inout [UInt8]) {
    switch outcome {
    case .done(let value):
      bytes.append(contentsOf: " done".utf8)
      write(value, into: &bytes)
    case .acknowledged: bytes.append(contentsOf: " acknowledged".utf8)
    case .failed: bytes.append(contentsOf: " failed".utf8)
    case .open: bytes.append(contentsOf: " open".utf8)
    }
  }

  private func write(_ value: RegisterValue, into bytes: inout [UInt8]) {
    bytes.append(contentsOf: (value == .absent ? " -" : " =").utf8)
    if value != .absent { escape(values.bytes(of: value.number), into: &bytes) }
  }

  private func escape(_ text: [UInt8], into bytes: inout [UInt8]) {
    let digits = Array("0123456789ABCDEF".utf8)
    for byte in text {
      if byte <= space || byte == percent || byte == 0x7f {
        bytes.append(contentsOf: [percent, digits[Int(byte >> 4)], digits[Int(byte & 15)]])
      } else {
        bytes.append(byte)
      }
    }
  }
}

let newline = UInt8(ascii: "\n")
let space = UInt8(ascii: " ")
let percent = UInt8(ascii: "%")
