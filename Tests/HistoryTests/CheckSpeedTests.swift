import Support
import XCTest

@testable import History

/// Ten thousand operations on one key: the answer is found, not given up. How long it takes is printed.
final class CheckSpeedTests: XCTestCase {
  private func measureCheck(_ name: String, _ generator: Generator) -> History {
    var generator = generator
    let history = generator.make()
    let clock = ContinuousClock()
    let time = clock.measure { XCTAssertTrue(check(history).isLinearizable, name) }
    print("check \(name): \(history.operations.count) operations, \(time)")
    return history
  }

  func testManyClients() {
    _ = measureCheck("256 clients", Generator(random: Random(state: 1), count: 10_000, clients: 256))
  }

  func testManyOpen() {
    _ = measureCheck(
      "256 clients, a tenth open",
      Generator(
        random: Random(state: 2), count: 10_000, clients: 256, openPercent: 10, acknowledgedPercent: 5))
  }

  func testDeletes() {
    _ = measureCheck(
      "64 clients, deletes",
      Generator(random: Random(state: 3), count: 10_000, clients: 64, deletePercent: 20))
  }

  func testDeletesAndOpen() {
    _ = measureCheck(
      "16 clients, deletes, some open",
      Generator(random: Random(state: 4), count: 10_000, clients: 16, deletePercent: 20, openPercent: 2))
  }

  func testFewValues() {
    _ = measureCheck(
      "8 clients, 5 values",
      Generator(random: Random(state: 5), count: 10_000, clients: 8, deletePercent: 10, valueCount: 5))
  }

  func testEvidenceIsSmall() throws {
    let history = measureCheck(
      "16 clients, deletes",
      Generator(random: Random(state: 6), count: 10_000, clients: 16, deletePercent: 30))
    var random = Random(state: 7)
    var found = 0
    for _ in 0..<8 {
      let verdict = check(mutated(history, &random))
      guard let violation = verdict.violations.first else { continue }
      found += 1
      XCTAssertLessThan(violation.operations.count, 40, violation.explain(history))
    }
    XCTAssertGreaterThan(found, 0)
  }
}
