import VSR

/// The first byte after the length of a frame of version 1.
package let wireVersion = WireVersion.one.rawValue

/// Which message a frame is. Numbers are never given twice.
package enum FrameKind: UInt8, CaseIterable, Sendable {
  case ping = 1
  case pong = 2
  case prepare = 3
  case prepareOk = 4
  case commit = 5
  case startViewChange = 6
  case doViewChange = 7
  case startView = 8
  case getState = 9
  case newState = 10
  case snapshotChunk = 11
  case getSnapshot = 12
  case probe = 13
  case probeReply = 14
  case forward = 15
  case moved = 16
  case propose = 17
  case agree = 18
  case announce = 19
  case forwardOk = 20
  case leave = 21
  case belowQuorum = 22
  case relayReads = 23
  case relayWrites = 24
  case relayed = 25

  /// What may be long and nobody waits for in order: it goes behind all else where the network is slow, and stands
  /// for itself in every version.
  package var isBulk: Bool {
    switch self {
    case .newState, .snapshotChunk: true
    case .ping, .pong, .prepare, .prepareOk, .commit, .startViewChange, .doViewChange, .startView, .getState,
      .getSnapshot, .probe, .probeReply, .forward, .moved, .propose, .agree, .announce, .forwardOk, .leave,
      .belowQuorum, .relayReads, .relayWrites, .relayed:
      false
    }
  }

  /// What a frame of this kind may count in its length field.
  package var bytesMax: Int {
    WireBounds.headBytesMax + WireBounds.fieldBytesMax + bulkBytesMax
  }

  private var bulkBytesMax: Int {
    switch self {
    case .prepare: WireBounds.bodyBytesMax
    case .doViewChange, .startView, .newState: WireBounds.segmentBytesMax
    case .snapshotChunk: Bounds.snapshotChunkBytes
    case .forward, .relayWrites: Bounds.groupBytesMax
    case .relayReads: WireBounds.relayReadsBytesMax
    case .relayed: WireBounds.relayedBytesMax
    case .ping, .pong, .prepareOk, .commit, .startViewChange, .getState, .getSnapshot, .probe, .probeReply,
      .moved, .propose, .agree, .announce, .forwardOk, .leave,
      .belowQuorum:
      0
    }
  }
}

extension Payload {
  package var kind: FrameKind {
    switch self {
    case .ping: .ping
    case .pong: .pong
    case .prepare: .prepare
    case .prepareOk: .prepareOk
    case .commit: .commit
    case .startViewChange: .startViewChange
    case .doViewChange: .doViewChange
    case .startView: .startView
    case .getState: .getState
    case .newState: .newState
    case .snapshotChunk: .snapshotChunk
    case .getSnapshot: .getSnapshot
    case .probe: .probe
    case .probeReply: .probeReply
    case .forward: .forward
    case .forwardOk: .forwardOk
    case .moved: .moved
    case .leave: .leave
    case .propose: .propose
    case .agree: .agree
    case .announce: .announce
    case .belowQuorum: .belowQuorum
    case .relayReads: .relayReads
    case .relayWrites: .relayWrites
    case .relayed: .relayed
    }
  }
}
