/// The text form, one entry a line:
///
///     at SECONDS kill|stop|wipe|start|freeze|thaw|isolate SERVER
///     at SECONDS cut SERVER SERVER        both ways
///     at SECONDS cut SERVER -> SERVER     one way
///     at SECONDS split SERVER…            these from the others
///     at SECONDS unplug|disconnect SERVER
///     at SECONDS clock SERVER +SECONDS|-SECONDS
///     at SECONDS heal
///     at SECONDS settle
///     end SECONDS
///
/// SERVER is a number, `primary`, `backup`, `heavy`, `light`, `last` or `all`. `#` begins a comment.
extension FaultSchedule {
  package var text: String {
    let lines = entries.map { "at \(shortSeconds($0.at)) \($0.command)" }
    return (lines + ["end \(shortSeconds(end))"]).map { $0 + "\n" }.joined()
  }

  package init(text: String) throws(MalformedSchedule) {
    var entries: [Entry] = []
    var end: UInt64?
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      do throws(Reason) {
        let code = line.prefix { $0 != "#" }
        var words = code.split(whereSeparator: \.isWhitespace)[...]
        guard let first = words.popFirst() else { continue }
        switch first {
        case "end":
          guard end == nil else { throw Reason("the end is named twice") }
          end = try time(&words)
        case "at": entries.append(Entry(at: try time(&words), try FaultCommand(&words)))
        default: throw Reason("a line begins with at or end")
        }
        guard words.isEmpty else { throw Reason("\"\(words.joined(separator: " "))\" is too much") }
        guard entries.count <= Self.entriesMax else { throw Reason("more than \(Self.entriesMax) entries") }
      } catch {
        throw MalformedSchedule(line: index + 1, reason: error.text)
      }
    }
    if let end, let late = entries.first(where: { $0.at > end }) {
      throw MalformedSchedule(line: 0, reason: "\(late.command) at \(shortSeconds(late.at)) is after the end")
    }
    self.init(entries, end: end)
  }

  /// The highest number of a server that is named; nil: none is.
  package var highestServer: Int? {
    entries.flatMap(\.command.victims).compactMap { victim in
      if case .server(let number) = victim { number } else { nil }
    }.max()
  }
}

/// A schedule's line that means nothing.
package struct MalformedSchedule: Error, Equatable, CustomStringConvertible {
  /// From 1; 0: the schedule as a whole.
  package let line: Int
  package let reason: String

  package var description: String { line > 0 ? "line \(line): \(reason)" : reason }
}

private struct Reason: Error {
  let text: String
  init(_ text: String) { self.text = text }
}

/// Milliseconds as seconds, without needless digits.
private func shortSeconds(_ milliseconds: UInt64) -> String {
  var digits = String(milliseconds % 1000)
  digits = String(repeating: "0", count: 3 - digits.count) + digits
  while digits.hasSuffix("0") { digits.removeLast() }
  return "\(milliseconds / 1000)" + (digits.isEmpty ? "" : "." + digits)
}

private func time(_ words: inout ArraySlice<Substring>) throws(Reason) -> UInt64 {
  guard let word = words.popFirst() else { throw Reason("a time is missing") }
  let parts = word.split(separator: ".", omittingEmptySubsequences: false)
  let isNumber = parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
  guard parts.count <= 2, isNumber, parts[0].count <= 6, let whole = UInt64(parts[0]) else {
    throw Reason("\"\(word)\" is no time in seconds")
  }
  var milliseconds = whole * 1000
  if parts.count == 2 {
    let digits = (parts[1] + "00").prefix(3)
    milliseconds += UInt64(digits) ?? 0
  }
  guard milliseconds <= FaultSchedule.lengthMax else { throw Reason("\(word) s is more than a day") }
  return milliseconds
}

/// How far a clock is moved: a number of seconds with its sign.
private func clockSeconds(_ words: inout ArraySlice<Substring>) throws(Reason) -> Int {
  guard let word = words.popFirst() else { throw Reason("how far the clock moves is missing") }
  guard let sign = word.first, sign == "+" || sign == "-", let seconds = Int(word), seconds != 0,
    abs(seconds) <= FaultSchedule.clockMax
  else { throw Reason("\"\(word)\" is no way to move a clock: +SECONDS or -SECONDS, at most a day") }
  return seconds
}

extension Victim: CustomStringConvertible {
  package var description: String {
    switch self {
    case .server(let number): "\(number)"
    case .primary: "primary"
    case .backup: "backup"
    case .heavy: "heavy"
    case .light: "light"
    case .last: "last"
    case .all: "all"
    }
  }

  fileprivate init(_ words: inout ArraySlice<Substring>) throws(Reason) {
    guard let word = words.popFirst() else { throw Reason("a server is missing") }
    switch word {
    case "primary": self = .primary
    case "backup": self = .backup
    case "heavy": self = .heavy
    case "light": self = .light
    case "last": self = .last
    case "all": self = .all
    default:
      guard word.utf8.count == 1, let number = Int(word), number < Self.serversMax else {
        throw Reason("\"\(word)\" is no server: a number from 0, or primary, backup, heavy, light, last, all")
      }
      self = .server(number)
    }
  }

  private static let serversMax = 7
}

extension FaultCommand: CustomStringConvertible {
  package var description: String {
    switch self {
    case .kill(let victim): "kill \(victim)"
    case .stop(let victim): "stop \(victim)"
    case .wipe(let victim): "wipe \(victim)"
    case .freeze(let victim): "freeze \(victim)"
    case .isolate(let victim): "isolate \(victim)"
    case .cut(let one, let other): "cut \(one) \(other)"
    case .cutOneWay(from: let one, to: let other): "cut \(one) -> \(other)"
    case .split(let victims): "split " + victims.map(\.description).joined(separator: " ")
    case .unplug(let victim): "unplug \(victim)"
    case .disconnect(let victim): "disconnect \(victim)"
    case .clock(let victim, by: let seconds): "clock \(victim) \(seconds < 0 ? "" : "+")\(seconds)"
    case .start(let victim): "start \(victim)"
    case .thaw(let victim): "thaw \(victim)"
    case .heal: "heal"
    case .settle: "settle"
    }
  }

  fileprivate init(_ words: inout ArraySlice<Substring>) throws(Reason) {
    guard let word = words.popFirst() else { throw Reason("a command is missing") }
    switch word {
    case "kill": self = .kill(try Victim(&words))
    case "stop": self = .stop(try Victim(&words))
    case "wipe": self = .wipe(try Victim(&words))
    case "freeze": self = .freeze(try Victim(&words))
    case "isolate": self = .isolate(try Victim(&words))
    case "unplug": self = .unplug(try Victim(&words))
    case "disconnect": self = .disconnect(try Victim(&words))
    case "clock": self = .clock(try Victim(&words), by: try clockSeconds(&words))
    case "start": self = .start(try Victim(&words))
    case "thaw": self = .thaw(try Victim(&words))
    case "cut":
      let one = try Victim(&words)
      let isOneWay = words.first == "->"
      if isOneWay { words.removeFirst() }
      let other = try Victim(&words)
      self = isOneWay ? .cutOneWay(from: one, to: other) : .cut(one, other)
    case "split":
      var side = [try Victim(&words)]
      while !words.isEmpty { side.append(try Victim(&words)) }
      self = .split(side)
    case "heal": self = .heal
    case "settle": self = .settle
    default: throw Reason("\"\(word)\" is no command")
    }
  }
}
