@preconcurrency import CGetopt
@preconcurrency import Glibc

/// What the command line asks for.
enum Invocation {
  case serve(Options)
  case help
  case version
}

extension Invocation {
  /// Reads the arguments with the C library's getopt_long. `arguments`: with the program's name.
  static func parse(_ arguments: [String]) throws(Failure) -> Invocation {
    let rules = Options.rules
    // getopt_long moves the pointers about, so they are kept apart for freeing.
    let owned = arguments.map { strdup($0) } + [nil]
    let names = (rules.map(\.name) + ["help", "version"]).map { strdup($0) }
    defer { for text in owned + names { free(text) } }
    var table = zip(names.indices, names).map { index, name in
      let takesArgument = index < rules.count && rules[index].argument != nil
      return option(
        name: name, has_arg: takesArgument ? required_argument : no_argument, flag: nil,
        val: firstCode + Int32(index))
    }
    table.append(option())
    var words = owned
    return try read(&words, table, rules)
  }

  /// Above all characters, which getopt_long would answer for short options.
  private static var firstCode: Int32 { 256 }

  private static func read(
    _ words: inout [UnsafeMutablePointer<CChar>?], _ table: [option], _ rules: [OptionRule]
  ) throws(Failure) -> Invocation {
    var options = Options()
    let count = Int32(words.count - 1)
    opterr = 0
    while true {
      let code = getopt_long(count, &words, ":", table, nil)
      if code == -1 { break }
      let index = Int(code - firstCode)
      guard index >= 0 else { throw complaint(code, words) }
      if index == rules.count { return .help }
      if index == rules.count + 1 { return .version }
      try rules[index].apply(&options, optarg.map { String(cString: $0) } ?? "")
    }
    if optind < count, let word = words[Int(optind)] {
      throw .usage("\"\(String(cString: word))\" is not an option; see --help")
    }
    return .serve(options)
  }

  private static func complaint(_ code: Int32, _ words: [UnsafeMutablePointer<CChar>?]) -> Failure {
    let word = words[Int(optind) - 1].map { String(cString: $0) } ?? ""
    if code == Int32(UInt8(ascii: ":")) { return .usage("\(word) needs an argument; see --help") }
    return .usage("\"\(word)\" is not an option, or is ambiguous; see --help")
  }
}

extension Options {
  static var help: String {
    var text = """
      usage: kvnode [OPTION]...
      One server of a replicated key-value store. Reads servers.txt, whose first line is this server.

      """
    let fixed: [(String, String?, String)] = [
      ("help", nil, "show this and exit"), ("version", nil, "show the version and exit"),
    ]
    let lines = rules.map { ($0.name, $0.argument, $0.help) } + fixed
    for (name, argument, help) in lines {
      let option = "  --\(name)" + (argument.map { " \($0)" } ?? "")
      let gap = String(repeating: " ", count: max(2, 26 - option.count))
      text += "\n\(option)\(gap)\(help)"
    }
    return text + "\n"
  }
}
