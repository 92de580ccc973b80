import HTTP

/// The server's own paths.
enum AdminPath: String, CaseIterable {
  case healthy = "/-/healthy"
  case ready = "/-/ready"
  case metrics = "/-/metrics"
  case dump = "/-/dump"
  case status = "/-/status"
  case conflicts = "/-/conflicts"
  case recover = "/-/recover"
  case acknowledgeLoss = "/-/acknowledge-loss"

  init?(_ path: UnsafeRawBufferPointer) {
    guard let known = Self.allCases.first(where: { path.elementsEqual($0.rawValue.utf8) }) else { return nil }
    self = known
  }

  /// The methods that it knows.
  var allow: Allow {
    switch self {
    case .healthy, .ready, .metrics, .dump, .status, .conflicts: .getAndHead
    case .recover, .acknowledgeLoss: .post
    }
  }

  func allows(_ method: Method) -> Bool {
    switch allow {
    case .post: method == .post
    case .get, .keys, .getAndHead: method == .get || method == .head
    }
  }
}
