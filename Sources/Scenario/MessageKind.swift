import VSR

/// A message's name in a script and in a trace.
enum MessageKind: String, CaseIterable {
  case ping, pong, prepare, prepareOk, commit, vote, startViewChange, doViewChange, startView, getState
  case newState, snapshotChunk, getSnapshot, probe, probeReply, forward, forwardOk, moved, propose, agree,
    announce, leave, belowQuorum, relayReads, relayWrites, relayed

  init(_ payload: Payload) {
    switch payload {
    case .ping: self = .ping
    case .pong: self = .pong
    case .prepare: self = .prepare
    case .prepareOk: self = .prepareOk
    case .commit: self = .commit
    case .startViewChange(let change): self = change.isVote ? .vote : .startViewChange
    case .doViewChange: self = .doViewChange
    case .startView: self = .startView
    case .getState: self = .getState
    case .newState: self = .newState
    case .snapshotChunk: self = .snapshotChunk
    case .getSnapshot: self = .getSnapshot
    case .probe: self = .probe
    case .probeReply: self = .probeReply
    case .forward: self = .forward
    case .forwardOk: self = .forwardOk
    case .moved: self = .moved
    case .propose: self = .propose
    case .agree: self = .agree
    case .announce: self = .announce
    case .leave: self = .leave
    case .belowQuorum: self = .belowQuorum
    case .relayReads: self = .relayReads
    case .relayWrites: self = .relayWrites
    case .relayed: self = .relayed
    }
  }

  /// Said now and then, and traced only on demand.
  var isPing: Bool { self == .ping || self == .pong || self == .belowQuorum }
}

/// A message under way.
struct Envelope {
  let from: ServerIndex
  let to: ServerIndex
  let message: Message

  var kind: MessageKind { MessageKind(message.payload) }
  /// What a selector may name, and what the trace shows.
  var words: [String] { ["\(from)->\(to)", kind.rawValue] + message.fields }
  var line: String { words.joined(separator: " ") }
}
