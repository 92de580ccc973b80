import Bytes
import KVStore
import VSR

// What a script may expect: docs/scenarios.md lists it.
extension World {
  /// Why what `words` expect is not so; nil if it is.
  mutating func failedExpectation(_ words: ArraySlice<String>) throws(ScriptError) -> String? {
    guard let first = words.first else { throw ScriptError("expect what?") }
    let rest = words.dropFirst()
    switch first {
    case "safe": return unsafety()
    case "settled": return isSettled ? nil : "not settled"
    case "primary": return primaries.count == 1 ? nil : "primaries: \(primaries)"
    case "not":
      return try failedExpectation(rest) == nil ? "it is so" : nil
    case "none", "some":
      let selector = try Selector(rest, serverCount: servers.count)
      let found = (underWay + held).first { selector.matches($0) }
      if first == "some" { return found == nil ? "nothing such is under way" : nil }
      return found.map { "under way: \($0.line)" }
    default: break
    }
    if requestNames.contains(first) { return try failedAnswer(first, rest) }
    let server = try server(first)
    for word in rest {
      if let actual = try difference(of: server, from: word) { return "\(server) has \(actual)" }
    }
    return nil
  }

  private mutating func unsafety() -> String? {
    for server in servers { if let replica = server.replica { monitor.compareState(of: replica) } }
    return monitor.violation
  }

  private var live: [Replica] { servers.compactMap(\.replica) }

  private var primaries: [ServerIndex] { live.filter(\.isNormalPrimary).map(\.server) }

  /// All that run are members of one epoch, in normal operation, with nothing left to do.
  private var isSettled: Bool {
    guard let one = live.first, primaries.count == 1 else { return false }
    return live.allSatisfy {
      $0.isNormal && $0.isMember && $0.epoch.id == one.epoch.id && $0.view == one.view
        && $0.executed == one.executed && $0.log.head == one.executed
    }
  }

  // MARK: - Answers

  /// `w1 done old=a`, `r1 value=NIL`, `w2 waiting`, `w3 unknown`.
  private func failedAnswer(_ name: String, _ words: ArraySlice<String>) throws(ScriptError) -> String? {
    for word in words {
      let actual = answers[name].map { answer in
        if word.hasPrefix("old=") { return "old=\(answer.value ?? "NIL")" }
        if word.hasPrefix("value=") {
          return ["done", "degraded"].contains(answer.text) ? "value=\(answer.value ?? "NIL")" : answer.text
        }
        return word == "answered" ? word : answer.text
      }
      if actual ?? "waiting" != word { return "\(name) is \(actual ?? "waiting")" }
    }
    return nil
  }

  // MARK: - Servers

  /// What `server` has instead of what `word` says; nil if it is as said.
  private func difference(of server: ServerIndex, from word: String) throws(ScriptError) -> String? {
    guard let replica = servers[server].replica else { return word == "down" ? nil : "no process" }
    let actual = try actual(word, replica)
    return actual == word ? nil : actual
  }

  private func actual(_ word: String, _ replica: Replica) throws(ScriptError) -> String {
    if let mark = word.firstIndex(where: { $0 == "=" || $0 == ":" || $0 == "~" }) {
      let name = String(word[..<mark])
      if word[mark] == ":" { return "\(name):\(Op(name).flatMap { replica.log[$0] }?.content ?? "-")" }
      if word[mark] == "~" { return "\(name)~\(value(of: name, in: replica))" }
      return "\(name)=\(try field(name, of: replica))"
    }
    switch word {
    case "member", "learner": return replica.isMember ? "member" : "learner"
    case "primary": return replica.isNormalPrimary ? word : "no primary's part"
    case "backup": return replica.isNormal && !replica.isNormalPrimary ? word : "no backup's part"
    case "serving": return replica.isServing ? word : "no answers to give"
    case "handedOver": return replica.isHandedOver ? word : "something to hand over"
    case "alone": return replica.servesAlone ? word : "others to ask"
    case "frozen": return replica.isFrozen ? word : "not agreed to anything"
    case "normal", "viewChange": return replica.status == .normal ? "normal" : "viewChange"
    case "lossy": return replica.epoch.start.isLossPossible ? word : "no loss to tell of"
    default: throw ScriptError("no property \(word)")
    }
  }

  private func field(_ name: String, of replica: Replica) throws(ScriptError) -> String {
    switch name {
    case "epoch": "\(replica.epoch.id.number)"
    case "view": "\(replica.view)"
    case "logView": "\(replica.logView)"
    case "head": "\(replica.log.head)"
    case "commit": "\(replica.commit)"
    case "executed": "\(replica.executed)"
    case "lineage": "\(replica.epoch.start.lineage)"
    case "standing": "\(replica.standing)"
    case "overlay": "\(replica.overlayCount)"
    case "conflicts": "\(replica.store.conflictCount)"
    case "suspects":
      (0..<servers.count).filter { replica.isSuspected($0) }.map { "\($0)" }.joined(separator: ",")
    case "members": replica.epoch.configuration.lives
    default: throw ScriptError("no property \(name)")
    }
  }

  private func value(of key: String, in replica: Replica) -> String {
    Array(key.utf8).withUnsafeBytes { key in
      replica.store.read(key) { $0.map { String(decoding: $0.value, as: UTF8.self) } ?? "NIL" }
    }
  }
}
