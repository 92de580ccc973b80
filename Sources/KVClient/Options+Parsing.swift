@preconcurrency import CGetopt
import Client
import Glibc
import HTTP

/// The long options. Numbers lie above all characters, which are the short ones.
private enum LongOption: Int32, CaseIterable {
  case raw = 256
  case json, stdin, delete, ifMatch, create, linearizable, local, failMissing, timeout, without, verbose,
    version, help

  var name: StaticString {
    switch self {
    case .raw: "raw"
    case .json: "json"
    case .stdin: "stdin"
    case .delete: "delete"
    case .ifMatch: "if-match"
    case .create: "create"
    case .linearizable: "linearizable"
    case .local: "local"
    case .failMissing: "fail-missing"
    case .timeout: "timeout"
    case .without: "without"
    case .verbose: "verbose"
    case .version: "version"
    case .help: "help"
    }
  }

  var takesArgument: Bool { self == .ifMatch || self == .timeout || self == .without }
}

extension Options {
  /// Reads the command line. An option's argument is whatever comes next, also with a leading `-`.
  init(parsing count: Int32, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) throws(Failure)
  {
    var table = LongOption.allCases.map { long in
      option(
        name: UnsafeRawPointer(long.name.utf8Start).assumingMemoryBound(to: CChar.self),
        has_arg: long.takesArgument ? 1 : 0, flag: nil, val: long.rawValue)
    }
    table.append(option())
    opterr = 0
    var seen: Set<Int32> = []
    while true {
      let at = optind
      let found = getopt_long(count, arguments, ":h:k:v:", table, nil)
      if found == -1 { break }
      // getopt_long has stepped over the word, unless it stands within a cluster of short options.
      let word = text(arguments[Int(max(at, optind - 1))])
      if found == Int32(UInt8(ascii: "?")) { throw .usage("unknown option \(word): see --help") }
      if found == Int32(UInt8(ascii: ":")) { throw .usage("option \(word) needs an argument: see --help") }
      guard seen.insert(found).inserted else { throw .usage("option \(Self.name(found)) is given twice") }
      try take(found, optarg.map { bytes($0) } ?? [])
    }
    try takeWords((optind..<max(optind, count)).map { bytes(arguments[Int($0)]!) })
    if form == .value, getenv("KV_OUTPUT").map({ strcmp($0, "raw") == 0 }) == true, command == .key {
      form = .raw
    }
    try check()
  }

  private static func name(_ found: Int32) -> String {
    if let long = LongOption(rawValue: found) { return "--\(long.name)" }
    return "-\(Character(Unicode.Scalar(UInt8(truncatingIfNeeded: found))))"
  }

  private mutating func take(_ found: Int32, _ argument: [UInt8]) throws(Failure) {
    switch LongOption(rawValue: found) {
    case nil: takeShort(UInt8(truncatingIfNeeded: found), argument)
    case .raw: try take(form: .raw)
    case .json: try take(form: .json)
    case .stdin: readsValue = true
    case .delete: deletes = true
    case .ifMatch: try take(condition: .ifMatch(try Self.tag(argument)))
    case .create: try take(condition: .ifAbsent)
    case .linearizable: isLinearizable = true
    case .local: isLocal = true
    case .failMissing: failsMissing = true
    case .timeout: timeoutMilliseconds = try Self.milliseconds(argument)
    case .without: without = argument
    case .verbose: isVerbose = true
    case .version: if command != .help { command = .version }
    case .help: command = .help
    }
  }

  private mutating func takeShort(_ letter: UInt8, _ argument: [UInt8]) {
    switch letter {
    case UInt8(ascii: "h"): hosts = argument
    case UInt8(ascii: "k"): key = argument
    case UInt8(ascii: "v"): value = argument
    default: preconditionFailure("getopt_long knows no other")
    }
  }

  private mutating func take(form: Form) throws(Failure) {
    guard self.form == .value else { throw .usage("--raw and --json exclude each other") }
    self.form = form
  }

  private mutating func take(condition: Call.Condition) throws(Failure) {
    guard self.condition == .none else { throw .usage("--if-match and --create exclude each other") }
    self.condition = condition
  }

  private mutating func takeWords(_ words: [[UInt8]]) throws(Failure) {
    guard command != .help, command != .version, let first = words.first else { return }
    var expected = 1
    switch String(decoding: first, as: UTF8.self) {
    case "status": command = .status
    case "dump": command = .dump
    case "recover": command = .recover
    case "load":
      guard words.count > 1 else { throw .usage("load needs a file: kvclient load FILE") }
      command = .load(file: words[1])
      expected = 2
    default: throw .usage("unexpected argument \(quoted(first)): see --help")
    }
    if words.count > expected { throw .usage("unexpected argument \(quoted(words[expected])): see --help") }
  }

  /// `L-N`, as ETags say it; the quotes of the header may be left on.
  private static func tag(_ argument: [UInt8]) throws(Failure) -> EntityTag {
    let quote = UInt8(ascii: "\"")
    let isQuoted = argument.count >= 2 && argument.first == quote && argument.last == quote
    let bare = isQuoted ? Array(argument.dropFirst().dropLast()) : argument
    guard let tag = bare.withUnsafeBytes({ EntityTag($0) }) else {
      throw .usage("--if-match takes a tag L-N, not \(quoted(argument))")
    }
    return tag
  }

  /// Seconds, with at most three digits after the point.
  private static func milliseconds(_ argument: [UInt8]) throws(Failure) -> UInt64 {
    let parts = argument.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    let fraction = parts.count == 2 ? parts[1] : []
    let digits =
      Array(parts[0]) + fraction + Array(repeating: UInt8(ascii: "0"), count: max(0, 3 - fraction.count))
    guard parts.count <= 2, !parts[0].isEmpty, parts.count == 1 || !fraction.isEmpty, fraction.count <= 3,
      digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let value = UInt64(String(decoding: digits, as: UTF8.self)),
      (1...timeoutMillisecondsMax).contains(value)
    else { throw .usage("--timeout takes seconds from 0.001 to 3600, not \(quoted(argument))") }
    return value
  }
}

private func bytes(_ text: UnsafePointer<CChar>) -> [UInt8] {
  Array(UnsafeRawBufferPointer(start: text, count: strlen(text)))
}

private func text(_ word: UnsafePointer<CChar>?) -> String {
  word.map { quoted(bytes($0)) } ?? ""
}
