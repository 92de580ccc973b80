import KVStore
import VSR

extension Options {
  /// All but `--help` and `--version`, in the order of the help.
  static var rules: [OptionRule] {
    [
      OptionRule("servers", "FILE", "the list of servers, this one first (default servers.txt)") {
        $0.servers = $1
      },
      OptionRule("data", "DIR", "where state is kept (default kvnode.data beside the list of servers)") {
        (options, text) throws(Failure) in
        guard options.keeping != .memory else { throw .usage("--data and --memory exclude each other") }
        options.keeping = .data(directory: text)
      },
      OptionRule("memory", nil, "keep nothing: state is in memory only") { (options, _) throws(Failure) in
        guard options.keeping == .standard || options.keeping == .memory else {
          throw .usage("--data and --memory exclude each other")
        }
        options.keeping = .memory
      },
      OptionRule("listen", "ADDR", "bind ADDR or ADDR:PORT instead of the address in the list of servers") {
        $0.listen = $1
      },
      OptionRule("strict", nil, "no degraded answers: 503 instead") { options, _ in
        options.frontend.isStrict = true
      },
      OptionRule("log-level", "LEVEL", "error, warn, info or debug (default info)") {
        (options, text) throws(Failure) in
        guard let level = Log.Level(rawValue: text) else {
          throw .usage("--log-level: \"\(text)\" is not error, warn, info or debug")
        }
        options.logLevel = level
      },
    ] + timeRules + [evictionRule, degradeRule] + limitRules + mutantRules
  }

  /// Builds with QUORATE_MUTANTS take protective rules away, and stand for servers that are wrong.
  private static var mutantRules: [OptionRule] {
    #if QUORATE_MUTANTS
      return [
        OptionRule("remove-rule", "RULE", "a protective rule that this server does not keep (tests only)") {
          (options, text) throws(Failure) in
          guard let rule = Rule(rawValue: text) else { throw .usage("--remove-rule: no rule \"\(text)\"") }
          options.removedRule = rule
        }
      ]
    #else
      return []
    #endif
  }

  private static var evictionRule: OptionRule {
    OptionRule(
      "evict-after", "SECONDS",
      "a server gone for so long no longer counts for the quorum (default \(Options().evictAfter / 1000); 0: never)"
    ) { (options, text) throws(Failure) in
      options.evictAfter = 1000 * UInt64(try OptionRule.number("evict-after", text, in: 0...86_400))
    }
  }

  private static var timeRules: [OptionRule] {
    [
      .time("request-timeout", \.requestTimeout, "time for a request's outcome, then 503 or 504"),
      .time("idle-timeout", \.idleTimeout, "time that a connection may stay idle"),
      .time("head-timeout", \.headTimeout, "time for a request's head to arrive"),
      .time("body-timeout", \.bodyTimeout, "time for a request's body to arrive"),
      .time("line-timeout", \.lineTimeout, "silence that completes a classic request line"),
      .time("linger-timeout", \.lingerTimeout, "time that a client may take to end a closed connection"),
    ]
  }

  private static var degradeRule: OptionRule {
    OptionRule(
      "degrade-after", "MS",
      "a server without a quorum for so long answers degraded, or asks one that has (default \(Options().degradeAfter); 0: never)"
    ) { (options, text) throws(Failure) in
      options.degradeAfter = UInt64(try OptionRule.number("degrade-after", text, in: 0...86_400_000))
    }
  }

  private static var limitRules: [OptionRule] {
    let mebibyte = 1 << 20
    return [
      OptionRule(
        "store-limit", "MIB",
        "most that keys and values may take, in MiB (default \(Limits.storeBytesDefault / mebibyte))"
      ) { (options, text) throws(Failure) in
        let count = try OptionRule.number("store-limit", text, in: 1...Limits.storeBytesMax / mebibyte)
        options.limits.storeBytes = count * mebibyte
      },
      OptionRule(
        "waiting-limit", "COUNT",
        "requests that may wait, in number; 429 beyond (default \(Options().frontend.waitingMax))"
      ) { (options, text) throws(Failure) in
        options.frontend.waitingMax = try OptionRule.number("waiting-limit", text, in: 1...1_000_000)
      },
      OptionRule(
        "capsule", "MIB",
        "keep what the core is given, in so many MiB: written to kvnode.capsule at SIGUSR1 and when it traps"
      ) { (options, text) throws(Failure) in
        options.capsuleBytes = try OptionRule.number("capsule", text, in: 1...1024) * mebibyte
      },
    ]
  }
}
