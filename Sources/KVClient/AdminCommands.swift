import Client

/// Every pair of the store, as the servers sort them.
enum DumpCommand {
  static func run(_ options: Options) throws(Failure) -> Output {
    Output(bytes: try Runtime(options).run(Call(.inspect("/-/dump"))).answer.body)
  }
}

/// A line for each server, from the server itself.
struct StatusCommand {
  private let options: Options
  private let runtime: Runtime

  init(_ options: Options) throws(Failure) {
    self.options = options
    runtime = try Runtime(options)
  }

  func run() throws(Failure) -> Output {
    let session = runtime.session
    var outcomes: [CallOutcome?] = Array(repeating: nil, count: session.hostCount)
    for host in outcomes.indices {
      session.submit(Call(.inspect("/-/status")), timeout: runtime.timeout, only: host) { outcome, _ in
        outcomes[host] = outcome
        if !outcomes.contains(where: { $0 == nil }) { runtime.loop.stop() }
      }
    }
    if outcomes.contains(where: { $0 == nil }) { runtime.loop.run() }
    if outcomes.allSatisfy({ $0 == .unreachable }) { _ = try runtime.answer(.unreachable, host: "") }
    return output(outcomes.compactMap { $0 })
  }

  private func output(_ outcomes: [CallOutcome]) -> Output {
    var output = Output(bytes: [])
    for (host, outcome) in outcomes.enumerated() {
      let address = runtime.session.address(host).text
      let status = serverStatus(outcome)
      if status?.isLinearizable != true { output.status = .missing }
      let fault = status == nil ? fault(outcome, host) : ""
      output.bytes +=
        options.form == .json
        ? json(address, status, fault) : Array("\(address) \(status?.summary ?? "down: " + fault)\n".utf8)
    }
    return output
  }

  private func serverStatus(_ outcome: CallOutcome) -> ServerStatus? {
    guard case .done(let answer) = outcome else { return nil }
    return ServerStatus(parsing: answer.body)
  }

  private func fault(_ outcome: CallOutcome, _ host: Int) -> String {
    switch outcome {
    case .done: return "no status in its answer"
    case .conditionFailed(let answer), .refused(let answer), .unknown(.some(let answer)):
      return "\(answer.status) \(oneLine(answer.body[...]))"
    case .unanswered, .unknown(nil): return "no answer in time"
    case .unreachable: return runtime.session.fault(host)
    }
  }

  private func json(_ address: String, _ status: ServerStatus?, _ fault: String) -> [UInt8] {
    var line = JSONLine()
    line.put("host", text: Array(address.utf8))
    if let status {
      line.put("status", verbatim: status.text)
    } else {
      line.put("error", text: Array(fault.utf8))
    }
    return line.finish()
  }
}
