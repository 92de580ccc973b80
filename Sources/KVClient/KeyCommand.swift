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
    let action: Call.Action
    if options.deletes {
      action = .remove(key: key)
    } else if options.readsValue {
      action = .write(key: key, value: try valueOfStdin())
    } else if let value = options.value {
      action = .write(key: key, value: value)
    } else {
      action = .read(key: key)
    }
    return Call(action, demand: demand, condition: options.condition)
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
    guard case .degraded(let age) = answer.assurance, options.isVerbose || isatty(STDERR_FILENO) == 1 else {
      return
    }
    System.note("degraded answer, \(age) s since a quorum last confirmed it")
  }
}

let newline = UInt8(ascii: "\n")

extension KeyCommand {
  /// One object on one line.
  private func json(_ answer: Answer, _ host: String) -> [UInt8] {
    var line = JSONLine()
    line.put("key", text: key)
    if answer.isPresent {
      line.put("value", text: value(answer))
    } else {
      line.put("value", verbatim: "null")
    }
    if let tag = answer.tag { line.put("etag", text: Array("\(tag.lineage)-\(tag.number)".utf8)) }
    switch answer.assurance {
    case .linearizable: line.put("consistency", text: Array("linearizable".utf8))
    case .degraded(let age):
      line.put("consistency", text: Array("degraded".utf8))
      line.put("age", verbatim: "\(age)")
    case .local(let age):
      line.put("consistency", text: Array("local".utf8))
      line.put("age", verbatim: "\(age)")
    }
    line.put("host", text: Array(host.utf8))
    return line.finish()
  }
}
