import Client
import HTTP

/// The command line, checked as far as it can be without files or servers.
struct Options {
  enum Command: Equatable {
    /// Read, write or delete one key.
    case key
    case status
    case dump
    case load(file: [UInt8])
    case recover
    case help
    case version
  }

  enum Form: Equatable {
    case value
    case raw
    case json
  }

  var command = Command.key
  var hosts: [UInt8]?
  var key: [UInt8]?
  var value: [UInt8]?
  var readsValue = false
  var deletes = false
  var condition = Call.Condition.none
  var isLinearizable = false
  var isLocal = false
  var failsMissing = false
  var isVerbose = false
  var form = Form.value
  /// Of `recover`: the servers that are gone for good, as given.
  var without: [UInt8]?
  var timeoutMilliseconds = Options.timeoutMillisecondsDefault

  static let timeoutMillisecondsDefault: UInt64 = 5000
  static let timeoutMillisecondsMax: UInt64 = 3_600_000

  var isWrite: Bool { value != nil || readsValue || deletes }
}

extension Options {
  /// What contradicts itself, or is not a key or a value. Nothing has been sent yet.
  func check() throws(Failure) {
    switch command {
    case .help, .version: break
    case .key: try checkKey()
    case .status, .dump, .load, .recover: try checkSubcommand()
    }
  }

  private func checkKey() throws(Failure) {
    if without != nil { throw .usage("--without goes with recover") }
    guard let key else { throw .usage("no key: give -k KEY, or see --help") }
    if let fault = key.withUnsafeBytes({ TextRules.keyFault($0) }) { throw .usage("\(fault)") }
    if let value, let fault = value.withUnsafeBytes({ TextRules.valueFault($0) }) { throw .usage("\(fault)") }
    if value != nil && readsValue { throw .usage("-v and --stdin both give a value") }
    if deletes && (value != nil || readsValue) { throw .usage("--delete takes no value") }
    if condition != .none && !isWrite {
      throw .usage("--if-match and --create go with -v, --stdin or --delete")
    }
    if condition == .ifAbsent && deletes { throw .usage("--create needs a value") }
    if isLinearizable && isLocal { throw .usage("--linearizable and --local exclude each other") }
    if isLocal && isWrite { throw .usage("--local goes with reading") }
    if failsMissing && isWrite && !deletes { throw .usage("--fail-missing goes with reading and --delete") }
  }

  private func checkSubcommand() throws(Failure) {
    if key != nil || isWrite || condition != .none || isLinearizable || isLocal || failsMissing {
      throw .usage(
        "a subcommand takes only -h, --timeout, --verbose, for status --json, and for recover --without")
    }
    if without != nil && command != .recover { throw .usage("--without goes with recover") }
    if form == .json && command != .status { throw .usage("--json goes with a key or with status") }
  }
}
