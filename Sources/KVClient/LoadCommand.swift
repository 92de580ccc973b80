import Client
import Glibc
import HTTP

/// Writes every `key=value` line of a file, many at a time. Lines of the same key keep their order: one waits
/// until the one before is done. The whole file is checked before the first line is sent.
final class LoadCommand {
  /// Writes under way at once, over all hosts.
  private static let windowMax = 256
  /// Bytes of a file: well above what a store holds.
  private static let fileBytesMax = 1 << 30
  private static let progressMilliseconds: UInt64 = 1000

  private struct Line {
    let number: Int
    let key: ArraySlice<UInt8>
    let value: ArraySlice<UInt8>
  }

  private let name: String
  private let lines: [Line]
  private let runtime: Runtime
  private let showsProgress: Bool
  private var next = 0
  private var done = 0
  private var degraded = 0
  private var keysUnderWay: Set<ArraySlice<UInt8>> = []
  private var failure: (line: Int, failure: Failure)?
  private var progressDue: UInt64

  init(_ file: [UInt8], _ options: Options) throws(Failure) {
    let isStdin = file == [UInt8(ascii: "-")]
    name = isStdin ? "stdin" : oneLine(file[...])
    runtime = try Runtime(options)
    let max = Self.fileBytesMax + 1
    switch isStdin ? System.read(STDIN_FILENO, max: max) : System.read(file: file, max: max) {
    case .failure(let error): throw .usage("\(name): \(error.message)")
    case .success(let bytes):
      guard bytes.count < max else { throw .usage("\(name): longer than \(Self.fileBytesMax) bytes") }
      lines = try Self.parse(bytes, name)
    }
    showsProgress = options.isVerbose || isatty(STDERR_FILENO) == 1
    runtime.loop.updateTime()
    progressDue = runtime.loop.now + Self.progressMilliseconds
  }

  /// Blank lines are skipped, and a CR before the line's end, which no value can hold.
  private static func parse(_ bytes: [UInt8], _ name: String) throws(Failure) -> [Line] {
    var lines: [Line] = []
    var number = 0
    for var text in bytes.split(separator: newline, omittingEmptySubsequences: false) {
      number += 1
      if text.last == UInt8(ascii: "\r") { text.removeLast() }
      if text.isEmpty { continue }
      guard let split = text.firstIndex(of: UInt8(ascii: "=")) else {
        throw .usage("\(name):\(number): no key=value")
      }
      let line = Line(number: number, key: text[..<split], value: text[(split + 1)...])
      let fault =
        line.key.withUnsafeBytes { TextRules.keyFault($0) }
        ?? line.value.withUnsafeBytes { TextRules.valueFault($0) }
      if let fault { throw .usage("\(name):\(number): \(fault)") }
      lines.append(line)
    }
    return lines
  }

  func run() throws(Failure) -> Output {
    fill()
    if runtime.session.running > 0 { runtime.loop.run() }
    if let failure {
      throw Failure(failure.failure.status, "\(name):\(failure.line): \(failure.failure.message)")
    }
    if degraded > 0, showsProgress { System.note("\(degraded) of the answers were degraded") }
    return Output(bytes: Array("loaded \(done)\n".utf8))
  }

  private func fill() {
    while failure == nil, next < lines.count, runtime.session.running < Self.windowMax {
      let line = lines[next]
      guard keysUnderWay.insert(line.key).inserted else { return }
      next += 1
      let call = Call(.write(key: Array(line.key), value: Array(line.value)))
      runtime.session.submit(call, timeout: runtime.timeout) { [self] outcome, host in
        onEnd(line, outcome, host)
      }
    }
  }

  private func onEnd(_ line: Line, _ outcome: CallOutcome, _ host: Int?) {
    keysUnderWay.remove(line.key)
    do throws(Failure) {
      let answer = try runtime.answer(outcome, host: host.map { runtime.session.address($0).text } ?? "")
      done += 1
      if answer.assurance != .linearizable { degraded += 1 }
    } catch {
      // What is under way is awaited, and the first line that failed is named.
      if failure.map({ line.number < $0.line }) ?? true { failure = (line.number, error) }
    }
    noteProgress()
    fill()
    if runtime.session.running == 0 { runtime.loop.stop() }
  }

  private func noteProgress() {
    guard showsProgress, runtime.loop.now >= progressDue else { return }
    progressDue = runtime.loop.now + Self.progressMilliseconds
    System.note("\(done) of \(lines.count) lines loaded")
  }
}
