import Foundation
import Scenario
import VSR
import XCTest

/// Every file in Scenarios, as docs/scenarios.md says.
final class ScenarioTests: XCTestCase {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Scenarios")

  /// All, or the one that QUORATE_SCENARIO names.
  private func scenarios() throws -> [(name: String, url: URL, text: String, script: Script)] {
    let files = try FileManager.default.contentsOfDirectory(at: Self.folder, includingPropertiesForKeys: nil)
    let only = ProcessInfo.processInfo.environment["QUORATE_SCENARIO"]
    return try files.filter {
      $0.pathExtension == "txt" && (only == nil || only == $0.deletingPathExtension().lastPathComponent)
    }.sorted { $0.path < $1.path }.map { url in
      let text = try String(contentsOf: url, encoding: .utf8)
      let name = url.deletingPathExtension().lastPathComponent
      return (name, url, text, try XCTUnwrap(Script(text), "\(name) names an unknown rule"))
    }
  }

  /// With QUORATE_RECORD=1 the files are written anew; their diff is then the thing to read.
  func testEveryScenarioHoldsAndIsTracedAsRecorded() throws {
    let isRecording = ProcessInfo.processInfo.environment["QUORATE_RECORD"] == "1"
    for (name, url, text, script) in try scenarios() {
      let report = script.run()
      for failure in report.failures {
        XCTFail("\(name):\(failure.line): \(failure.text): \(failure.reason)")
      }
      if isRecording {
        try report.recorded.write(to: url, atomically: true, encoding: .utf8)
      } else if let line = Self.firstDifference(report.recorded, text) {
        XCTFail("\(name):\(line.number): now \(line.now), recorded \(line.recorded)")
      }
    }
  }

  private static func firstDifference(_ now: String, _ recorded: String) -> (
    number: Int, now: String, recorded: String
  )? {
    let (left, right) = (now.components(separatedBy: "\n"), recorded.components(separatedBy: "\n"))
    for index in 0..<max(left.count, right.count) {
      let lines = (
        index < left.count ? left[index] : "nothing", index < right.count ? right[index] : "nothing"
      )
      if lines.0 != lines.1 { return (index + 1, lines.0, lines.1) }
    }
    return nil
  }

  func testEveryScenarioSaysWhatItIsAbout() throws {
    for (name, _, text, _) in try scenarios() {
      XCTAssertTrue(text.hasPrefix("# "), "\(name) begins with what would go wrong")
      XCTAssertTrue(text.contains("\nexpect "), "\(name) expects something")
    }
  }

  /// Rules that no scenario can do without, so far, and why.
  private static let unprovenRules: [Rule: String] = [
    .damageIsNotATornTail: "of the disk's files: SimulatorTests.DiskTests",
    .syncCoversOnlyEarlierWrites: "of the disk's files: SimulatorTests.DiskTests",
  ]

  func testEveryRuleHasAScenario() throws {
    guard ProcessInfo.processInfo.environment["QUORATE_SCENARIO"] == nil else { return }
    var rules = Set(Rule.allCases)
    for (_, _, _, script) in try scenarios() { rules.subtract(script.rules) }
    XCTAssertEqual(rules, Set(Self.unprovenRules.keys))
  }

  #if QUORATE_MUTANTS
    /// Without a rule, a scenario that names it must come to an expectation that does not hold.
    func testEveryScenarioFailsWithoutItsRule() throws {
      let only = ProcessInfo.processInfo.environment["QUORATE_REMOVED_RULE"]
      var table: [String] = []
      for (name, _, _, script) in try scenarios() {
        for rule in script.rules where only == nil || only == rule.rawValue {
          var options = Options()
          options.removedRule = rule
          let report = script.run(options: options)
          let failure = report.failures.first { $0.isExpectation }
          if ProcessInfo.processInfo.environment["QUORATE_TRACE"] != nil { print(report.recorded) }
          table.append(
            "\(rule.rawValue) | \(name) | \(failure.map { "\($0.line): \($0.text): \($0.reason)" } ?? "NOTHING")"
          )
          XCTAssertNotNil(failure, "\(name) holds without \(rule.rawValue)")
        }
      }
      print((["rule | scenario | what failed"] + table.sorted()).joined(separator: "\n"))
    }
  #endif
}
