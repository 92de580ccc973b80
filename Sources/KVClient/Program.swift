import Client
import Glibc
import Servers
import UV

/// What a finished command has to print, and its exit status.
struct Output {
  var bytes: [UInt8]
  var status = ExitStatus.done
}

enum Program {
  /// Does what the command line says, and prints it: the data, or exactly one line `ERROR: message`.
  static func run() -> ExitStatus {
    ignoreBrokenPipes()
    do throws(Failure) {
      let options = try Options(parsing: CommandLine.argc, CommandLine.unsafeArgv)
      let output = try perform(options)
      if !System.write(output.bytes) {
        System.note("stdout cannot be written: \(String(cString: strerror(errno)))")
        return .unknown
      }
      return output.status
    } catch {
      _ = System.write(Array("ERROR: \(oneLine(Array(error.message.utf8)[...]))\n".utf8))
      return error.status
    }
  }

  private static func perform(_ options: Options) throws(Failure) -> Output {
    switch options.command {
    case .help: return Output(bytes: Array(Help.text.utf8))
    case .version: return Output(bytes: Array(Help.version.utf8))
    case .key: return try KeyCommand(options).run()
    case .status: return try StatusCommand(options).run()
    case .dump: return try DumpCommand.run(options)
    case .load(let file): return try LoadCommand(file, options).run()
    case .recover: return try RecoverCommand.run(options)
    }
  }
}

/// The loop and the session of one command.
struct Runtime {
  let loop: Loop
  let session: ClientSession
  let timeout: UInt64

  /// `hosts`: at least one; without them those that the options lead to.
  init(_ options: Options, hosts chosen: [ServerAddress]? = nil) throws(Failure) {
    let hosts = if let chosen { chosen } else { try Hosts.find(options.hosts) }
    do throws(UVError) {
      loop = try Loop()
    } catch {
      throw Failure(.notExecuted, "no event loop: \(error.message)")
    }
    session = ClientSession(loop, hosts: hosts)
    timeout = options.timeoutMilliseconds
    if options.isVerbose { session.onNote = { System.note($0) } }
  }

  /// One errand to its end: the answer, and the host that gave it. What is left open ends with the process.
  func run(_ call: Call) throws(Failure) -> (answer: Answer, host: String) {
    var ended: (outcome: CallOutcome, host: Int?)?
    session.submit(call, timeout: timeout) { outcome, host in
      ended = (outcome, host)
      loop.stop()
    }
    if ended == nil { loop.run() }
    guard let ended else { preconditionFailure("the loop ran dry before the deadline") }
    let host = ended.host.map { session.address($0).text } ?? ""
    return (try answer(ended.outcome, host: host), host)
  }

  /// The answer, or the failure that the outcome means.
  func answer(_ outcome: CallOutcome, host: String) throws(Failure) -> Answer {
    switch outcome {
    case .done(let answer): return answer
    case .conditionFailed: throw Failure(.conditionFailed, "condition failed")
    case .refused(let answer): throw Failure(.notExecuted, "not executed: \(words(answer, host))")
    case .unanswered: throw Failure(.notExecuted, "no answer in time: \(faults)")
    case .unreachable: throw Failure(.noConnection, "no connection to any server: \(faults)")
    case .unknown(let answer?): throw Failure(.unknown, "outcome unknown: \(words(answer, host))")
    case .unknown(nil): throw Failure(.unknown, "outcome unknown: sent, and no answer in time: \(faults)")
    }
  }

  private func words(_ answer: Answer, _ host: String) -> String {
    "\(answer.status) from \(host): \(oneLine(answer.body[...]))"
  }

  private var faults: String {
    (0..<session.hostCount).map { "\(session.address($0).text): \(session.fault($0))" }.joined(
      separator: "; ")
  }
}
