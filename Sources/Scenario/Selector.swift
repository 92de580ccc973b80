import VSR

/// Which messages a command speaks of: `0->1`, `0->*`, `*->1`, `0-1` (both ways), `0` (to and from) or `*`, then
/// kinds, of which one must fit, then words of the message as the trace shows it, which all must fit.
struct Selector {
  private var from: ServerIndex?
  private var to: ServerIndex?
  private var isTwoWay = false
  private var kinds: [MessageKind] = []
  private var words: [String] = []

  init(_ text: ArraySlice<String>, serverCount: Int) throws(ScriptError) {
    guard let link = text.first else { throw ScriptError("which messages?") }
    try takeLink(link, serverCount: serverCount)
    for word in text.dropFirst() {
      if let kind = MessageKind(rawValue: word) { kinds.append(kind) } else { words.append(word) }
    }
  }

  private mutating func takeLink(_ link: String, serverCount: Int) throws(ScriptError) {
    func end(_ text: Substring) throws(ScriptError) -> ServerIndex? {
      if text == "*" { return nil }
      guard let server = ServerIndex(text), (0..<serverCount).contains(server) else {
        throw ScriptError("no server \(text)")
      }
      return server
    }
    let parts = link.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    from = try end(parts[0])
    isTwoWay = true
    guard parts.count == 2 else { return }
    isTwoWay = parts[1].first != ">"
    to = try end(isTwoWay ? parts[1] : parts[1].dropFirst())
  }

  func matches(_ envelope: Envelope) -> Bool {
    guard matches(envelope.from, envelope.to) || (isTwoWay && matches(envelope.to, envelope.from)) else {
      return false
    }
    guard kinds.isEmpty || kinds.contains(envelope.kind) else { return false }
    return words.isEmpty || words.allSatisfy { envelope.words.contains($0) }
  }

  private func matches(_ from: ServerIndex, _ to: ServerIndex) -> Bool {
    (self.from == nil || self.from == from) && (self.to == nil || self.to == to)
  }
}
