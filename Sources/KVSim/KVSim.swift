import ArgumentParser
import Simulator
import VSR

/// The simulator's command line.
struct KVSim: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kvsim",
    abstract:
      "Runs the replicated core under virtual time, with faults drawn from a seed, and checks every step.",
    discussion: """
      One seed is one run, the same on every machine and in every build. Exit status: 0 nothing found, 1 a \
      violation (or a crash of the core), 2 usage. `kvsim replay FILE` steps through what a node was given.
      """)

  @Option(help: "Run this seed.")
  var seed: UInt64?

  @Option(help: "Run the seeds A..B.")
  var seeds: SeedRange?

  @Option(help: "Processes that share the seeds.")
  var jobs = 1

  @Flag(help: "Go on after a finding, and list all of them.")
  var all = false

  @Flag(help: "Print every event and effect of the run.")
  var trace = false

  @Flag(help: "Do not make a failing run smaller.")
  var noShrinking = false

  @Option(help: ArgumentHelp("Faults by this schedule (docs/drill.md), with --seed.", valueName: "file"))
  var faults: String?

  @Flag(help: "Print the protective rules that --rule takes.")
  var listRules = false

  @OptionGroup var choice: RunChoice

  @Flag(help: .hidden)
  var worker = false

  @Option(help: .hidden)
  var first: UInt64 = 0

  @Option(help: .hidden)
  var stride: UInt64 = 1

  mutating func validate() throws {
    guard seed == nil || seeds == nil else { throw ValidationError("--seed or --seeds, not both") }
    guard faults == nil || seeds == nil else { throw ValidationError("--faults goes with --seed N") }
    guard (1...64).contains(jobs) else { throw ValidationError("--jobs takes 1 to 64") }
  }

  func run() throws {
    if listRules {
      RunChoice.rules.forEach { print($0) }
    } else if worker, let seeds {
      Worker(seeds: seeds, first: first, stride: stride, goesOn: all, choice: choice).run()
    } else if let seeds {
      let sweep = Sweep(
        seeds: seeds, jobs: jobs, goesOn: all, shrinks: !all && !noShrinking, choice: choice)
      if try sweep.run() { throw ExitCode(1) }
    } else if let seed, let faults {
      let run = ScriptedRun(seed: seed, path: faults, isTraced: trace, choice: choice)
      if try run.run() { throw ExitCode(1) }
    } else if let seed {
      if try SingleRun(seed: seed, isTraced: trace, choice: choice).run() { throw ExitCode(1) }
    } else {
      // Not before: the parser tells of an option that it does not know only where all else is well.
      throw ValidationError("give --seed N or --seeds A..B")
    }
  }
}

/// What may be chosen for a run beside its seed.
struct RunChoice: ParsableArguments {
  @Option(help: "So many servers, 1 to 7, in place of what the seed draws.")
  var servers: Int?

  @Flag(help: "Journals that forget.")
  var memory = false

  @Flag(help: "Journals that keep what is synced.")
  var durable = false

  @Option(help: "Steps before the faults stop.")
  var steps: Int?

  @Option(help: "Suspect after so many ticks of silence, whatever was learned.")
  var silence: UInt64?

  @Option(help: "Aim every seed at this: \(Swarm.allCases.map(\.rawValue).joined(separator: ", ")).")
  var swarm: String?

  @Option(help: "Leave out these kinds of faults, by commas.")
  var without: String?

  @Option(help: "Leave out these faults of the plan: numbers and ranges A-B, by commas.")
  var skip: String?

  @Option(help: "Remove this protective rule (builds with QUORATE_MUTANTS only).")
  var rule: String?

  func validate() throws {
    if let servers, !(1...7).contains(servers) { throw ValidationError("--servers takes 1 to 7") }
    if let silence, !(1...1000).contains(silence) { throw ValidationError("--silence takes 1 to 1000") }
    if let swarm, Swarm(rawValue: swarm) == nil { throw ValidationError("--swarm \(swarm): no such mix") }
    if memory, durable { throw ValidationError("--memory or --durable, not both") }
    if kinds == nil {
      throw ValidationError("--without: \(FaultKind.allCases.map(\.rawValue).joined(separator: ","))")
    }
    if skipped == nil { throw ValidationError("--skip takes numbers and ranges, like 3,7-9") }
    if let rule, !RunChoice.rules.contains(rule) {
      throw ValidationError("--rule \(rule): no such rule in this build")
    }
  }

  /// The kinds named by `without`; nil if one of them is none.
  var kinds: FaultKinds? {
    var kinds = FaultKinds([])
    for name in (without ?? "").split(separator: ",") {
      guard let kind = FaultKind(rawValue: String(name)) else { return nil }
      kinds.insert(kind)
    }
    return kinds
  }

  var skipped: Set<Int>? {
    var numbers: Set<Int> = []
    for part in (skip ?? "").split(separator: ",") {
      let ends = part.split(separator: "-").map { Int($0) }
      guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2, first <= last else {
        return nil
      }
      numbers.formUnion(first...last)
    }
    return numbers
  }

  /// The rules that can be removed: none but in a build for it.
  static var rules: [String] {
    #if QUORATE_MUTANTS
      Rule.allCases.map(\.rawValue)
    #else
      []
    #endif
  }

  func settings(seed: UInt64) -> Settings {
    var settings = Settings(seed: seed, swarm: swarm.flatMap(Swarm.init(rawValue:)))
    if let servers { settings.serverCount = servers }
    if memory { settings.isDurable = false }
    if durable { settings.isDurable = true }
    if let steps { settings.stepsMax = steps }
    if let silence {
      settings.options.silenceTicksMin = silence
      settings.options.silenceTicksMax = silence
    }
    settings.leaveOut(kinds ?? FaultKinds([]))
    apply(to: &settings.options)
    return settings
  }

  /// Takes the rule away that is to be removed.
  func apply(to options: inout Options) {
    #if QUORATE_MUTANTS
      options.removedRule = rule.flatMap(Rule.init(rawValue:))
    #endif
  }

  /// The same choice as arguments.
  var arguments: [String] {
    var arguments: [String] = []
    if let servers { arguments += ["--servers", "\(servers)"] }
    if memory { arguments.append("--memory") }
    if durable { arguments.append("--durable") }
    if let steps { arguments += ["--steps", "\(steps)"] }
    if let silence { arguments += ["--silence", "\(silence)"] }
    if let swarm { arguments += ["--swarm", swarm] }
    if let without, !without.isEmpty { arguments += ["--without", without] }
    if let skip, !skip.isEmpty { arguments += ["--skip", skip] }
    if let rule { arguments += ["--rule", rule] }
    return arguments
  }
}

/// A..B, both included.
struct SeedRange: ExpressibleByArgument {
  let first: UInt64
  let last: UInt64

  init?(argument: String) {
    let dots = argument.indices.first { argument[$0...].hasPrefix("..") }
    guard let dots, let first = UInt64(argument[..<dots]),
      let last = UInt64(argument[argument.index(dots, offsetBy: 2)...]), first <= last
    else { return nil }
    self.first = first
    self.last = last
  }
}
