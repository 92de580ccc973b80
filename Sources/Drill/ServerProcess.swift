/// The process of one server, wherever it runs.
protocol ServerProcess: AnyObject {
  /// Exit status, or 128 + the signal that ended it; nil while it runs.
  var exitStatus: Int32? { get }
  func signal(_ number: Int32)
  /// Kills it and waits for its end.
  func end()
  /// The trial is over: a process of its own ends, somebody else's goes on.
  func leave()
}

extension TrialProcess: ServerProcess {
  func leave() { end() }
}
