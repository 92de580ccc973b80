import Glibc
import Replication

/// Events of the server on stderr, one a line, in logfmt.
struct Log {
  enum Level: String, CaseIterable {
    case error, warn, info, debug

    fileprivate var rank: Int {
      switch self {
      case .error: 0
      case .warn: 1
      case .info: 2
      case .debug: 3
      }
    }
  }

  let level: Level

  func write(_ level: Level, _ event: String, _ fields: KeyValuePairs<String, String> = [:]) {
    write(level, event, fields.map { ($0.key, $0.value) })
  }

  func write(_ note: Note) {
    write(Level(note.level), note.event, note.fields)
  }

  private func write(_ level: Level, _ event: String, _ fields: [(name: String, value: String)]) {
    guard level.rank <= self.level.rank else { return }
    var line = "time=\(Self.time()) level=\(level.rawValue) event=\(event)"
    for (name, value) in fields { line += " \(name)=\(Self.quoted(value))" }
    writeToStandardError(line)
  }

  /// Quotes what would not be one word.
  private static func quoted(_ value: String) -> String {
    let isPlain = value.unicodeScalars.allSatisfy {
      $0.value > 0x20 && $0 != "\"" && $0 != "=" && $0.value < 0x7f
    }
    if isPlain, !value.isEmpty { return value }
    var text = "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"", "\\": text += "\\" + String(scalar)
      case "\n": text += "\\n"
      default: text.unicodeScalars.append(scalar.value < 0x20 || scalar.value == 0x7f ? "?" : scalar)
      }
    }
    return text + "\""
  }

  private static func time() -> String {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    var parts = tm()
    gmtime_r(&now.tv_sec, &parts)
    let text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { buffer in
      strftime(buffer.baseAddress!, buffer.count, "%Y-%m-%dT%H:%M:%S", &parts)
      return String(cString: buffer.baseAddress!)
    }
    let milliseconds = String(now.tv_nsec / 1_000_000)
    return text + "." + String(repeating: "0", count: 3 - milliseconds.count) + milliseconds + "Z"
  }
}

/// A whole line with one system call, so that lines of several processes do not mix.
func writeToStandardError(_ line: String) {
  let bytes = Array((line + "\n").utf8)
  _ = write(STDERR_FILENO, bytes, bytes.count)
}

extension Log.Level {
  fileprivate init(_ level: Note.Level) {
    switch level {
    case .error: self = .error
    case .warn: self = .warn
    case .info: self = .info
    case .debug: self = .debug
    }
  }
}
