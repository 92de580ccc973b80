import Frontend
import KVStore
import VSR

/// What the command line says.
struct Options {
  enum Keeping: Equatable {
    /// Nothing was said: durable, beside the servers.txt.
    case standard
    case data(directory: String)
    case memory
  }

  var servers = "servers.txt"
  var keeping = Keeping.standard
  /// What is bound instead of the own address of servers.txt.
  var listen: String?
  var logLevel = Log.Level.info
  var frontend = FrontendOptions()
  var limits = Limits()
  #if QUORATE_MUTANTS
    var removedRule: Rule?
  #endif
  /// 0: the core's inputs are not kept.
  var capsuleBytes = 0
  /// Milliseconds; 0: never.
  var evictAfter: UInt64 = 2_000
  /// Milliseconds; 0: never.
  var degradeAfter: UInt64 = 300

  /// Nil: memory only.
  var dataDirectory: String? {
    switch keeping {
    case .memory: nil
    case .data(let directory): directory
    case .standard:
      if let slash = servers.lastIndex(of: "/") {
        String(servers[...slash]) + Self.dataName
      } else {
        Self.dataName
      }
    }
  }

  private static let dataName = "kvnode.data"
}

/// One long option.
struct OptionRule {
  let name: String
  /// What its argument is called in the help; nil: it takes none.
  let argument: String?
  let help: String
  let apply: (inout Options, String) throws(Failure) -> Void

  init(
    _ name: String, _ argument: String?, _ help: String,
    apply: @escaping (inout Options, String) throws(Failure) -> Void
  ) {
    (self.name, self.argument, self.help, self.apply) = (name, argument, help, apply)
  }
}

extension OptionRule {
  /// A number within `range`, as written with digits only.
  static func number(_ name: String, _ text: String, in range: ClosedRange<Int>) throws(Failure) -> Int {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int(text),
      range.contains(value)
    else {
      throw .usage("--\(name): \"\(text)\" is not a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// A time in milliseconds, up to a day.
  static func time(_ name: String, _ path: WritableKeyPath<FrontendOptions, UInt64>, _ help: String)
    -> OptionRule
  {
    let standard = FrontendOptions()[keyPath: path]
    return OptionRule(name, "MS", "\(help), in milliseconds (default \(standard))") {
      (options, text) throws(Failure) in
      options.frontend[keyPath: path] = UInt64(try number(name, text, in: 1...86_400_000))
    }
  }
}
