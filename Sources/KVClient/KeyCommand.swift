import Client
import Glibc
import HTTP

/// Reads, writes or deletes one key.
struct KeyCommand {
  private let options: Options
  private let key: [UInt8]

  init(_ options: Options) {
    guard let key = options.key else { preconditionFailure("checked with the options") }
    self.options = options
    self.key = key
  }

  func run() throws(Failure) -> Output {
    let call = try call()
    let (answer, host) = try Runtime(options).run(call)
    noteLabel(answer)
    if options.failsMissing && !answer.isPresent { throw Failure(.missing, "missing") }
    switch options.form {
    case .raw: return Output(bytes: answer.body)
    case .json: return Output(bytes: json(answer, host))
    case .value: return Output(bytes: (answer.isPresent ? value(answer) : Array("NULL".utf8)) + [newline])
    }
  }

  private func value(_ answer: Answer) -> [UInt8] {
    Array(answer.body.dropFirst(key.count + 1))
  }

  private func call() throws(Failure) -> Call {
    let demand: Errand.Demand = options.isLocal ? .any : options.isLinearizable ? .linearizable : .best
    if options.deletes { return conditional(.delete(key, demand: demand)) }
    if options.readsValue { return conditional(.write(key, value: try valueOfStdin(), demand: demand)) }
    guard let value = options.value else { return .read(key, demand: demand) }
    return conditional(.write(key, value: value, demand: demand))
  }

  private func conditional(_ call: Call) -> Call {
    switch options.condition {
    case .none: call
    case .create: call.ifAbsent()
    case .ifMatch(let tag): call.ifMatch(tag)
    }
  }

  private func valueOfStdin() throws(Failure) -> [UInt8] {
    // A newline and one byte too many are told apart from a value of full length.
    switch System.read(STDIN_FILENO, max: 4 * TextRules.valueScalarsMax + 2) {
    case .failure(let error): throw .usage("stdin cannot be read: \(error.message)")
    case .success(var bytes):
      if bytes.last == newline { bytes.removeLast() }
      if let fault = bytes.withUnsafeBytes({ TextRules.valueFault($0) }) { throw .usage("\(fault)") }
      return bytes
    }
  }

  /// That an answer is not proven is said where someone looks, or asks.
  private func noteLabel(_ answer: Answer) {
    guard answer.consistency == .degraded, options.isVerbose || isatty(STDERR_FILENO) == 1 else { return }
    let age = answer.ageSeconds.map { ", \($0) s since a quorum last confirmed it" } ?? ""
    System.note("degraded answer\(age)")
  }
}

let newline = UInt8(ascii: "\n")

extension KeyCommand {
  /// One object on one line.
  private func json(_ answer: Answer, _ host: String) -> [UInt8] {
    var line = JSONLine()
    line.put("key", text: key)
    if answer.isPresent { line.put("value", text: value(answer)) } else { line.put("value", verbatim: "null") }
    if !answer.etag.isEmpty { line.put("etag", text: answer.etag.filter { $0 != UInt8(ascii: "\"") }) }
    line.put("consistency", text: Array("\(answer.consistency)".utf8))
    if let age = answer.ageSeconds { line.put("age", verbatim: "\(age)") }
    line.put("host", text: Array(host.utf8))
    return line.finish()
  }
}
