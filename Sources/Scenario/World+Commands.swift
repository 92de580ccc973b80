import KVStore
import VSR

// The commands of the language: docs/scenarios.md lists them.
extension World {
  mutating func perform(_ words: [String]) throws(ScriptError) {
    let rest = words.dropFirst()
    switch words[0] {
    case "servers": makeServers(try count(rest.first))
    case "option": for word in rest { try setOption(word) }
    case "start": for server in try each(rest) { start(server) }
    case "crash": for server in try each(rest) { servers[server].replica = nil }
    case "restart": for server in try each(rest) { start(server) }
    case "wipe": for server in try each(rest) { wipe(server) }
    case "born": try settle()
    case "settle": try settle()
    case "tick": try tick(rest)
    case "stall": step(try server(rest.first), .stalled(ticks: UInt64(try count(rest.last))))
    case "run": try run(rest)
    case "deliver": try deliver(rest)
    case "drop", "cut", "heal", "hold", "release", "keep": try moveMessages(words[0], rest)
    case "sync": try syncNow(rest)
    case "nosync": for server in try each(rest) { servers[server].isSyncedAtOnce = false }
    case "syncs": for server in try each(rest) { resumeSyncing(server) }
    case "write", "delete", "read": try request(words[0], rest)
    case "reset", "handover", "acknowledge", "recover": try hint(words[0], rest)
    case "show": showsPings = true
    default: throw ScriptError("no command \(words[0])")
    }
  }

  // MARK: - Words

  func server(_ word: String?) throws(ScriptError) -> ServerIndex {
    guard let word, let server = ServerIndex(word), servers.indices.contains(server) else {
      throw ScriptError("no server \(word ?? "named")")
    }
    return server
  }

  private func count(_ word: String?) throws(ScriptError) -> Int {
    guard let word, let count = Int(word) else { throw ScriptError("how many?") }
    return count
  }

  private func each(_ words: ArraySlice<String>) throws(ScriptError) -> [ServerIndex] {
    if words.first == "all" { return Array(servers.indices) }
    var found: [ServerIndex] = []
    for word in words { found.append(try server(word)) }
    return found
  }

  private mutating func setOption(_ word: String) throws(ScriptError) {
    let parts = word.split(separator: "=")
    guard parts.count == 2, let value = UInt64(parts[1]) else { throw ScriptError("no option \(word)") }
    switch parts[0] {
    case "heartbeat": options.heartbeatTicks = value
    case "silenceMin": options.silenceTicksMin = value
    case "silenceMax": options.silenceTicksMax = value
    case "stuck": options.stuckTicks = value
    case "ping": options.pingTicks = value
    case "vote": options.voteTicks = value
    case "viewChange": options.viewChangeTicks = value
    case "transfer": options.transferTicks = value
    case "probe": options.probeTicks = value
    case "hedge": options.hedgeTicks = value
    case "forward": options.forwardTicks = value
    case "formation": options.formationTicks = value
    case "readRefuse": options.readRefuseTicks = value
    case "writeRefuse": options.writeRefuseTicks = value
    case "evict": options.evictTicks = value
    case "return": options.returnTicks = value
    case "returnMax": options.returnTicksMax = value
    case "leave": options.leaveTicks = value
    case "deadline": options.deadlineTicks = value
    case "snapshotOps": options.snapshotOps = value
    case "retainedOps": options.retainedOps = value
    case "degrade": options.degradeTicks = value
    case "relay": options.relayTicks = value
    case "outcomes": limits.outcomes = Int(value)
    default: throw ScriptError("no option \(parts[0])")
    }
  }

  // MARK: - Time

  /// `tick 1 x3`: nothing is delivered.
  private mutating func tick(_ words: ArraySlice<String>) throws(ScriptError) {
    let times = words.last.flatMap { $0.hasPrefix("x") ? Int($0.dropFirst()) : nil }
    for server in try each(times == nil ? words : words.dropLast()) {
      for _ in 0..<(times ?? 1) { step(server, .tick) }
    }
  }

  /// `run 20`, or `run until 1 primary`: each server ticks, then everything is delivered, and so on.
  private mutating func run(_ words: ArraySlice<String>) throws(ScriptError) {
    isDetailed = false
    defer { isDetailed = true }
    guard words.first == "until" else {
      for _ in 0..<(try count(words.first)) { try tickAll() }
      return
    }
    for _ in 0..<World.runTicksMax {
      if try failedExpectation(words.dropFirst()) == nil { return }
      try tickAll()
    }
    // What was waited for is expected by a line of its own.
    trace.append("never")
  }

  static let runTicksMax = 600

  private mutating func settle() throws(ScriptError) {
    if servers.allSatisfy({ $0.life == 0 && $0.replica == nil }) {
      for server in servers.indices { start(server) }
    }
    try run(["until", "settled"])
  }

  // MARK: - Messages

  private mutating func deliver(_ words: ArraySlice<String>) throws(ScriptError) {
    guard words.first != "all" || words.count > 1 else { return try deliverAll() }
    if words.count == 1, let copy = copies[words.first!] { return deliver(copy) }
    let isAll = words.first == "all"
    let selector = try Selector(isAll ? words.dropFirst() : words, serverCount: servers.count)
    let found = underWay.indices.filter { selector.matches(underWay[$0]) }
    let chosen = isAll ? found : Array(found.prefix(1))
    guard !chosen.isEmpty else { throw ScriptError("nothing such is under way") }
    let envelopes = chosen.map { underWay[$0] }
    for index in chosen.reversed() { underWay.remove(at: index) }
    for envelope in envelopes { deliver(envelope) }
  }

  private mutating func moveMessages(_ command: String, _ words: ArraySlice<String>) throws(ScriptError) {
    let text = words.joined(separator: " ")
    guard command != "keep" else { return try keep(words) }
    if command == "heal", words.isEmpty {
      cuts = []
      return
    }
    if command == "release" {
      if words.isEmpty { holds = [] } else { holds.removeAll { $0.text == text } }
      let still = holds
      let isHeld = { (envelope: Envelope) in still.contains { $0.selector.matches(envelope) } }
      underWay += held.filter { !isHeld($0) }
      held = held.filter(isHeld)
      return
    }
    let selector = try Selector(words, serverCount: servers.count)
    switch command {
    case "drop":
      underWay.removeAll { selector.matches($0) }
      held.removeAll { selector.matches($0) }
    case "cut": cuts.append((text, selector))
    case "hold":
      holds.append((text, selector))
      held += underWay.filter { selector.matches($0) }
      underWay.removeAll { selector.matches($0) }
    default:
      guard cuts.contains(where: { $0.text == text }) else { throw ScriptError("\(text) is not cut") }
      cuts.removeAll { $0.text == text }
    }
  }

  /// `keep 0->1 startView as old`: a copy of the oldest such message under way, else of the next that is sent.
  private mutating func keep(_ words: ArraySlice<String>) throws(ScriptError) {
    guard words.count > 2, words.dropLast().last == "as" else { throw ScriptError("keep it as what?") }
    let selector = try Selector(words.dropLast(2), serverCount: servers.count)
    if let envelope = (underWay + held).first(where: { selector.matches($0) }) {
      copies[words.last!] = envelope
    } else {
      toCopy.append((words.last!, selector))
    }
  }

  // MARK: - Disks

  private mutating func syncNow(_ words: ArraySlice<String>) throws(ScriptError) {
    let server = try server(words.first)
    sync(server, words.count > 1 ? try count(words.last) : .max)
  }

  private mutating func resumeSyncing(_ server: ServerIndex) {
    servers[server].isSyncedAtOnce = true
    sync(server)
  }

  // MARK: - Requests and hints

  /// `write 0 k=a as w1 key=x`, `delete 1 k as w2`, `read 2 k as r1`.
  private mutating func request(_ command: String, _ words: ArraySlice<String>) throws(ScriptError) {
    let words = Array(words)
    guard words.count >= 4, words[2] == "as" else { throw ScriptError("\(command) SERVER WHAT as NAME") }
    let server = try server(words[0])
    if command == "read", words[1] == "*" { return try readAll(server, as: words[3]) }
    if command == "read" { return try read(server, Array(words[1].utf8), as: words[3]) }
    if command == "delete" {
      return try write(
        server, Array(words[1].utf8).withUnsafeBytes { encoded(Write(delete: $0)) }, as: words[3])
    }
    let parts = words[1].split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { throw ScriptError("write KEY=VALUE") }
    let (key, value) = (Array(parts[0].utf8), Array(parts[1].utf8))
    let idempotency = words.count > 4 ? Array(words[4].dropFirst("key=".count).utf8) : nil
    let made = key.withUnsafeBytes { key in
      value.withUnsafeBytes { value in
        guard let idempotency else { return encoded(Write(set: key, to: value)) }
        return idempotency.withUnsafeBytes { encoded(Write(set: key, to: value, idempotencyKey: $0)) }
      }
    }
    try write(server, made, as: words[3])
  }

  private func encoded(_ write: Write) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.put(write)
    return bytes
  }

  private mutating func hint(_ command: String, _ words: ArraySlice<String>) throws(ScriptError) {
    let server = try server(words.first)
    switch command {
    case "reset": step(server, .linkReset(try self.server(words.last)))
    case "handover": step(server, .handOver)
    case "acknowledge": step(server, .acknowledgeLoss)
    default: step(server, .recover(without: ServerMask(try each(words.dropFirst(2)))))
    }
  }
}
