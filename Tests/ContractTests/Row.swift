import Foundation
import XCTest

/// One row of the contract: bytes sent on a fresh connection, and exactly what comes back.
struct Row {
  enum Ending { case open, closed, either }

  let name: String
  let request: [UInt8]
  let replies: [Expected]
  let ending: Ending
  /// The request ends by the client's half-close.
  var halfClose = false

  init(
    _ name: String, _ request: [UInt8], _ replies: Expected..., then ending: Ending, halfClose: Bool = false
  ) {
    self.name = name
    self.request = request
    self.replies = replies
    self.ending = ending
    self.halfClose = halfClose
  }

  /// A row of the classic dialect: one reply, then the server's FIN.
  static func classic(_ request: String, _ reply: Expected, halfClose: Bool = false) -> Row {
    Row(request.debugDescription, Array(request.utf8), reply.inClassic(), then: .closed, halfClose: halfClose)
  }

  /// A row of the standard dialect from its request line; the connection stays open.
  static func standard(_ line: String, _ reply: Expected, then ending: Ending = .open) -> Row {
    standard(line, [], reply, then: ending)
  }

  static func standard(
    _ line: String, _ headers: [String], body: String = "", _ reply: Expected, then ending: Ending = .open
  ) -> Row {
    let head = ([line + " HTTP/1.1", "Host: x"] + headers).map { $0 + "\r\n" }.joined() + "\r\n"
    let name = ([line] + headers).joined(separator: ", ").prefix(100)
    return Row(String(name), Array((head + body).utf8), reply, then: ending)
  }
}

/// What one reply must be: status line, the set of headers, the body's bytes.
struct Expected {
  enum Body: Equatable { case exactly(String), explanation, nothing }

  var statuses: [String]
  var body: Body
  var isPresent = true
  /// Whether an ETag is there (standard dialect only).
  var isTagged = false
  var isClassic = false
  /// The request broke off before its dialect was known.
  var isDialectOpen = false
  var versions = ["HTTP/1.1"]
  /// Further headers that must be there, names in lower case; `*` stands for any value.
  var headers: [String: String] = [:]
  /// HEAD: as if there were a body, without it.
  var isHead = false

  /// 200 with a read value.
  static func value(_ body: String) -> Expected {
    Expected(statuses: ["200 OK"], body: .exactly(body), isTagged: true)
  }

  /// 200 to a read of a key without a value; `key` as the reply shows it.
  static func missing(_ key: String) -> Expected {
    Expected(statuses: ["200 OK"], body: .exactly("\(key)=NIL"), isPresent: false)
  }

  /// 200 to the first write of a key: the old value is none, the ETag that of the new.
  static func created(_ key: String) -> Expected {
    Expected(statuses: ["200 OK"], body: .exactly("\(key)=NIL"), isPresent: false, isTagged: true)
  }

  /// 200 to a write over a value, with the old one.
  static func replaced(_ body: String) -> Expected { value(body) }

  /// 200 to the removal of a value: nothing is stored that an ETag could name.
  static func removed(_ body: String) -> Expected { Expected(statuses: ["200 OK"], body: .exactly(body)) }

  /// An error with one line that says why. More than one status where RFC 9110 leaves a choice.
  static func error(_ statuses: String..., headers: [String: String] = [:]) -> Expected {
    Expected(statuses: statuses, body: .explanation, headers: headers)
  }

  static let badRequest = error("400 Bad Request")
  static let notAllowed = error("405 Method Not Allowed", headers: ["allow": "*"])
  static let preconditionFailed = error("412 Precondition Failed")

  func with(_ name: String, _ value: String) -> Expected {
    var copy = self
    copy.headers[name] = value
    return copy
  }

  func inClassic() -> Expected {
    var copy = self
    copy.isClassic = true
    copy.isTagged = false
    copy.versions = ["HTTP/1.0"]
    return copy
  }

  func withoutBody() -> Expected {
    var copy = self
    copy.isHead = true
    return copy
  }

  /// Everything in which `reply` is not what is expected.
  func complaints(about reply: Reply) -> [String] {
    var found: [String] = []
    if !versions.contains(reply.version) { found.append("version \(reply.version), not \(versions)") }
    if !statuses.contains(reply.status) { found.append("status \(reply.status), not \(statuses)") }
    found += bodyComplaints(reply) + headerComplaints(reply)
    return found
  }

  private func bodyComplaints(_ reply: Reply) -> [String] {
    switch body {
    case .exactly(let text):
      if isHead {
        return reply["content-length"] == "\(text.utf8.count)" ? [] : ["length of \(reply.headers)"]
      }
      return reply.body == text
        ? [] : ["body \(reply.body.prefix(80).debugDescription), not \(text.prefix(80))"]
    case .explanation:
      let line = reply.body.hasSuffix("\n") ? String(reply.body.dropLast()) : reply.body
      if isHead { return [] }
      return line.isEmpty || line.contains(where: \.isNewline)
        ? ["not one line: \(reply.body.debugDescription)"] : []
    case .nothing:
      return reply.body.isEmpty ? [] : ["a body: \(reply.body.debugDescription)"]
    }
  }

  private func headerComplaints(_ reply: Reply) -> [String] {
    var required = headers
    var allowed: Set<String> = ["connection", "server"]
    if body != .nothing {
      required["content-length"] = "*"
      required["content-type"] = "text/plain"
    } else {
      allowed.insert("content-length")
    }
    if !isPresent { required["kv-present"] = "?0" }
    if isTagged { required["etag"] = "*" }
    if isDialectOpen {
      allowed.formUnion(["cache-control", "date"])
    } else if isClassic {
      required["server"] = "*"
    } else {
      required["cache-control"] = "no-store"
      required["date"] = "*"
    }
    var found: [String] = []
    for (name, value) in required {
      guard let actual = reply[name] else {
        found.append("no \(name)")
        continue
      }
      if !matches(actual, value, name) { found.append("\(name): \(actual), not \(value)") }
    }
    for name in reply.headers.keys where required[name] == nil && !allowed.contains(name) {
      found.append("unexpected \(name): \(reply.headers[name] ?? "")")
    }
    if let date = reply["date"], !isDate(date) { found.append("Date: \(date)") }
    if let tag = reply["etag"], reply.writeCounter == nil { found.append("ETag: \(tag)") }
    return found
  }

  private func matches(_ actual: String, _ value: String, _ name: String) -> Bool {
    if value == "*" || actual == value { return true }
    // The classic reply has the assignment's very words; the standard one may name its encoding.
    return name == "content-type" && !isClassic && actual == "\(value); charset=utf-8"
  }

  /// IMF-fixdate (RFC 9110, section 5.6.7), within a minute of now.
  private func isDate(_ text: String) -> Bool {
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.timeZone = TimeZone(identifier: "GMT")
    format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    guard let date = format.date(from: text), format.string(from: date) == text else { return false }
    return abs(date.timeIntervalSinceNow) < 60
  }
}

extension Node {
  /// Speaks each row on a connection of its own, in order.
  func check(_ rows: [Row], file: StaticString = #filePath, line: UInt = #line) {
    for row in rows {
      do {
        for complaint in try complaints(about: row) {
          XCTFail("\(row.name): \(complaint)", file: file, line: line)
        }
      } catch {
        XCTFail("\(row.name): \(error); \(child.stderr.suffix(500))", file: file, line: line)
      }
      if let status = child.poll() {
        return XCTFail("\(row.name): kvnode ended with \(status): \(child.stderr)", file: file, line: line)
      }
    }
  }

  private func complaints(about row: Row) throws -> [String] {
    let connection = try connect()
    connection.send(row.request)
    if row.halfClose { connection.finish() }
    var found: [String] = []
    for (index, expected) in row.replies.enumerated() {
      let reply = try connection.reply(bodiless: expected.isHead)
      found += expected.complaints(about: reply)
      // The last reply says what becomes of the connection.
      guard index == row.replies.count - 1 else { continue }
      if row.ending == .open, reply.version == "HTTP/1.1", reply["connection"] == "close" {
        found.append("says that it closes")
      }
      if expected.isClassic, row.ending == .closed, reply["connection"] == "keep-alive" {
        found.append("says that it stays open")
      }
    }
    return found + endingComplaints(row, connection)
  }

  private func endingComplaints(_ row: Row, _ connection: Connection) -> [String] {
    switch row.ending {
    case .either: return []
    case .closed:
      return (try? connection.isAtEnd()) == true ? [] : ["more bytes, no FIN or a reset after the last reply"]
    case .open:
      connection.send("GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n")
      return (try? connection.reply())?.status == "200 OK" ? [] : ["the connection did not stay open"]
    }
  }
}
