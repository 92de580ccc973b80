import ArgumentParser
import Load

/// The load driver's command line.
struct KVLoad: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kvload",
    abstract: "Drives load at servers, measures their answers, and checks that they are consistent.",
    discussion: """
      Requests begin on a fixed schedule (--rate), and response times count from there, so that the wait behind \
      a server that stands still is seen; or each connection asks as soon as it is answered (--closed). Without \
      -h: the environment variable KV_HOSTS, else servers.txt in the current directory.

      Exit status: 0 good, 1 a violation (or a history that could not be kept or checked to its end), 2 usage, \
      3 nothing could be reached, 4 what --require asks was not met.
      """,
    version: version,
    helpNames: .long)

  static let version = "kvload 0.1.0 (quorate)"

  @Option(name: .customShort("h"), help: ArgumentHelp("The hosts.", valueName: "host:port,…"))
  var hosts: String?

  @Option(help: "Requests a second; with --sweep the first rate that is tried.")
  var rate: UInt64 = 1000

  @Flag(help: "Ask anew on each answer, as fast as the servers are, instead of by a rate.")
  var closed = false

  @Flag(help: "Raise the rate step by step until the servers no longer keep up, and name the knee.")
  var sweep = false

  @Option(help: ArgumentHelp("With --sweep: a p99 above this is not keeping up.", valueName: "time"))
  var sweepP99 = "10ms"

  @Option(help: "Connections, spread evenly over the hosts.")
  var connections = 64

  @Option(help: "Requests under way on one connection.")
  var pipeline = 1

  @Option(
    help: ArgumentHelp(
      "Seconds that count, of each step. (default: 10; with --sweep 5)", valueName: "seconds"))
  var duration: Double?

  @Option(help: "End after so many requests that count, in place of a duration.")
  var requests: UInt64?

  @Option(
    help: ArgumentHelp(
      "Seconds of load before anything counts. (default: 0; with --sweep 1)", valueName: "seconds"))
  var warmup: Double?

  @Option(help: "Reads of 100 requests; the others write.")
  var reads = 50

  @Option(help: "Different keys.")
  var keys: UInt32 = 1000

  @Option(help: "Which keys are asked how often: uniform, zipfian (some much more often than others).")
  var distribution = LoadOptions.Distribution.uniform

  @Option(help: "Bytes of a value.")
  var valueSize = 30

  @Option(help: "The same seed asks the same. (default: drawn, and told)")
  var seed: UInt64?

  @Option(help: "Seconds after which a request without a reply has ended.")
  var timeout = 5.0

  @Flag(
    help: "A share to each host, which waits for its host; else any connection with room takes a request.")
  var each = false

  @Option(help: "Drive this one of the hosts.")
  var one: String?

  @Flag(help: "Do not write every key once before the load.")
  var noFill = false

  @Option(help: ArgumentHelp("Write every operation to this file.", valueName: "file"))
  var history: String?

  @Flag(help: "Check that the answers are linearizable, and read every key once more in the end.")
  var check = false

  @Flag(help: "No line a second.")
  var quiet = false

  @Option(
    help: ArgumentHelp("Write the result to this file (-: stdout, in place of the table).", valueName: "file")
  )
  var json: String?

  @Option(help: ArgumentHelp("Write a line for every second to this file.", valueName: "file"))
  var csv: String?

  @Option(
    help: ArgumentHelp(
      "Write the result to this file as a page with curves, which needs nothing else.", valueName: "file"))
  var html: String?

  @Option(
    help: ArgumentHelp(
      "Write the response times to this file, and beside it reads and writes, as HdrHistogram's plotter reads "
        + "them.", valueName: "file"))
  var hgrm: String?

  @Option(
    help: ArgumentHelp(
      "What must be met, or the exit status is 4: p99<5ms, writes.max<=1s, errors<1%, rate>10000, gap<100ms. "
        + "May be repeated.", valueName: "requirement"))
  var require: [String] = []

  mutating func validate() throws {
    try demand((1...LoadOptions.rateMax).contains(rate), "--rate takes 1 to \(LoadOptions.rateMax)")
    try demand(
      (1...LoadOptions.connectionsMax).contains(connections),
      "--connections takes 1 to \(LoadOptions.connectionsMax)")
    try demand(
      (1...LoadOptions.pipelineMax).contains(pipeline), "--pipeline takes 1 to \(LoadOptions.pipelineMax)")
    try demand((0...100).contains(reads), "--reads takes 0 to 100")
    let keysMax = check ? LoadOptions.checkedKeysMax : LoadOptions.keysMax
    try demand((1...keysMax).contains(keys), "--keys takes 1 to \(keysMax)\(check ? " with --check" : "")")
    try demand(
      (LoadOptions.valueSizeMin...LoadOptions.valueSizeMax).contains(valueSize),
      "--value-size takes \(LoadOptions.valueSizeMin) to \(LoadOptions.valueSizeMax)")
    try demand(duration == nil || requests == nil, "--duration or --requests, not both")
    try demand(requests.map { $0 > 0 } ?? true, "--requests takes 1 or more")
    try demand(Self.isTime(duration ?? 1) && (duration ?? 1) > 0, "--duration takes seconds, above 0")
    try demand(Self.isTime(warmup ?? 0), "--warmup takes seconds")
    try demand(Self.isTime(timeout) && timeout >= 0.01, "--timeout takes seconds, 0.01 or more")
    try demand(!(each && one != nil), "--each or --one, not both")
    try demand(!sweep || !closed, "--sweep or --closed, not both")
    try demand(!sweep || requests == nil, "--sweep takes a --duration for each step, no --requests")
    try demand(!sweep || !check && history == nil, "--sweep goes without --check and --history")
    try demand(Requirement.nanoseconds(sweepP99) != nil, "--sweep-p99 takes a time, like 10ms")
    _ = try requirements()
  }

  private func demand(_ holds: Bool, _ message: String) throws {
    if !holds { throw ValidationError(message) }
  }

  func requirements() throws -> [Requirement] {
    try require.map { text in
      do throws(Requirement.Malformed) {
        return try Requirement(parsing: text)
      } catch {
        throw ValidationError(error.message)
      }
    }
  }

  private static func isTime(_ seconds: Double) -> Bool { seconds >= 0 && seconds <= 1e7 }

  func options(seed: UInt64, run: UInt64) -> LoadOptions {
    var options = LoadOptions()
    options.pace = closed ? .closed : .open(rate: rate)
    options.extent =
      requests.map { .requests($0) } ?? .nanoseconds(Self.nanoseconds(duration ?? (sweep ? 5 : 10)))
    options.spread = each ? .each : .pooled
    options.connections = connections
    options.pipeline = pipeline
    options.warmupNanoseconds = Self.nanoseconds(warmup ?? (sweep ? 1 : 0))
    options.readsPercent = reads
    options.keys = keys
    options.distribution = distribution
    options.valueSize = valueSize
    options.seed = seed
    options.run = run
    options.timeoutNanoseconds = Self.nanoseconds(timeout)
    options.fills = !noFill
    options.checks = check
    options.historyFile = history
    return options
  }

  private static func nanoseconds(_ seconds: Double) -> UInt64 { UInt64((seconds * 1e9).rounded()) }
}

extension LoadOptions.Distribution: ExpressibleByArgument {}
