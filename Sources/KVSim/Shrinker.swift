import Simulator

/// Makes a failing run smaller: leaves out kinds of faults, then single faults, as long as the same rule is
/// broken. Every attempt is a child process, as the core may crash.
struct Shrinker {
  let seed: UInt64
  let rule: String
  var choice: RunChoice

  init(seed: UInt64, rule: String, choice: RunChoice) {
    self.seed = seed
    self.rule = rule
    self.choice = choice
  }

  func run() {
    var smaller = self
    smaller.leaveOutKinds()
    smaller.leaveOutFaults()
    print("smallest: \(smaller.choice.kindsInForce(seed).map(\.rawValue).joined(separator: ", "))")
    smaller.show()
  }

  private func show() {
    let settings = choice.settings(seed: seed)
    print("servers \(settings.serverCount), \(settings.isDurable ? "durable" : "memory")")
    if rule == "crash" {
      print("the core ends with a trap: a debug build says where")
    } else {
      let report = Simulation(settings, skipping: choice.skipped ?? []).run()
      if let violation = report.violation { print(describe(violation, seed: seed)) }
    }
    print("replay: kvsim --seed \(seed) " + (choice.arguments + ["--trace"]).joined(separator: " "))
  }

  private mutating func leaveOutKinds() {
    for kind in choice.kindsInForce(seed) {
      var next = choice
      next.without = [choice.without, kind.rawValue].compactMap { $0 }.joined(separator: ",")
      if fails(next) { choice = next }
    }
  }

  /// Halves, quarters, … of the planned faults.
  private mutating func leaveOutFaults() {
    let settings = choice.settings(seed: seed)
    let faults = Plan(settings).faults
    let skipped = choice.skipped ?? []
    var left = faults.indices.filter { settings.kinds.contains(faults[$0].kind) && !skipped.contains($0) }
    left = Array(left.prefix(400))
    var size = max(left.count / 2, 1)
    while !left.isEmpty {
      var index = 0
      while index < left.count {
        let part = Array(left[index..<min(index + size, left.count)])
        var next = choice
        next.skip = ([choice.skip].compactMap { $0 } + ranges(part)).joined(separator: ",")
        if fails(next) {
          choice = next
          left.removeSubrange(index..<min(index + size, left.count))
        } else {
          index += size
        }
      }
      if size == 1 { break }
      size /= 2
    }
    choice.skip = choice.skipped.map { ranges($0.sorted()).joined(separator: ",") }
  }

  private func ranges(_ numbers: [Int]) -> [String] {
    var ranges: [(Int, Int)] = []
    for number in numbers {
      if let last = ranges.last, last.1 + 1 == number {
        ranges[ranges.count - 1].1 = number
      } else {
        ranges.append((number, number))
      }
    }
    return ranges.map { $0.0 == $0.1 ? "\($0.0)" : "\($0.0)-\($0.1)" }
  }

  private func fails(_ choice: RunChoice) -> Bool {
    guard let child = Child(["--worker", "--seeds", "\(seed)..\(seed)"] + choice.arguments) else {
      return false
    }
    var found: String?
    while let lines = child.read() {
      for line in lines where line.hasPrefix("found ") { found = String(line.split(separator: " ")[2]) }
    }
    if child.wait() == nil { found = "crash" }
    return found == rule
  }
}

extension RunChoice {
  func kindsInForce(_ seed: UInt64) -> [FaultKind] {
    settings(seed: seed).kinds.all
  }
}
