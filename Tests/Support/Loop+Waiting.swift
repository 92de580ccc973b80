import UV
import XCTest

extension Loop {
  /// Turns the loop until the condition holds; fails after a time that only a hang can take.
  package func wait(
    _ what: String, file: StaticString = #filePath, line: UInt = #line, until isMet: () -> Bool
  ) {
    var isLate = false
    let limit = UV.Timer(self) { isLate = true }
    limit.start(after: 60_000)
    while !isMet() && !isLate { runOnce() }
    limit.close()
    if !isMet() { XCTFail("waited in vain for: \(what)", file: file, line: line) }
  }
}
