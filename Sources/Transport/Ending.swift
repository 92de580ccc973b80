import UV
import Wire

/// Why a connection ended.
enum Ending {
  /// Nobody listens there.
  case refusedDial
  case failed(UVError)
  /// The peer sends no more.
  case ended
  /// Not connected, or not verified, in time.
  case late
  case silent
  /// The peer takes nothing.
  case stalled
  case overflow
  /// Bytes that no server sends.
  case garbage(String)
  /// Something other than 101.
  case notUpgraded(String)
  /// This server found that the two do not fit, and has said so.
  case unfit(String)
  /// The peer found so.
  case refused(String)
  case crowded

  /// In words, for the log.
  var reason: String {
    switch self {
    case .refusedDial: "nobody listens there"
    case .failed(let error): error.message
    case .ended: "the peer ended the connection"
    case .late: "no connection in time"
    case .silent: "nothing was heard"
    case .stalled: "the peer takes nothing"
    case .overflow: "too much waits to be sent"
    case .garbage(let what): "not the peer protocol: \(what)"
    case .notUpgraded(let line): "no upgrade: \(line)"
    case .unfit(let reason): reason
    case .refused(let reason): "the peer says: \(reason)"
    case .crowded: "too many connections that are not verified"
    }
  }

  /// The reason, where the end of a connection that came and was never verified is worth a line.
  var warning: String? {
    switch self {
    case .late, .silent, .stalled, .overflow, .garbage, .notUpgraded, .unfit, .refused, .crowded: reason
    case .refusedDial, .failed, .ended: nil
    }
  }

  /// Whether it will be the same the next time.
  var isLasting: Bool {
    switch self {
    case .garbage, .unfit, .refused: true
    case .refusedDial, .failed, .ended, .late, .silent, .stalled, .overflow, .notUpgraded, .crowded: false
    }
  }

  /// Whether the peer is not to wait for what was sent before.
  var isAbrupt: Bool {
    switch self {
    case .silent, .stalled, .overflow, .garbage, .crowded: true
    case .refusedDial, .failed, .ended, .late, .notUpgraded, .unfit, .refused: false
    }
  }

  /// Whether it says of a dial that no process is there.
  var isRefusal: Bool {
    switch self {
    case .refusedDial: true
    case .failed(let error): error == .connectionReset || error == .brokenPipe
    case .ended, .late, .silent, .stalled, .overflow, .garbage, .notUpgraded, .unfit, .refused, .crowded:
      false
    }
  }
}

extension FrameError {
  var words: String {
    switch self {
    case .oversize(let count): "a frame of \(count) bytes"
    case .malformed: "a malformed frame"
    case .unknownVersion(let version): "a frame of version \(version)"
    case .unknownKind(let kind): "a frame of kind \(kind)"
    }
  }
}
