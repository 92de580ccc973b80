import Foundation
import XCTest

/// Waits for a condition of another process, for which there is no event to wait on. False: it did not come.
package func waitUntil(seconds: Double, _ condition: () -> Bool) -> Bool {
  let limit = Date().addingTimeInterval(seconds)
  while !condition() {
    if Date() > limit { return false }
    usleep(2_000)
  }
  return true
}

/// The same; fails the test after a minute.
@discardableResult
package func waitUntil(
  _ what: String, file: StaticString = #filePath, line: UInt = #line, _ condition: () -> Bool
) -> Bool {
  let isMet = waitUntil(seconds: 60, condition)
  if !isMet { XCTFail("waited in vain until \(what)", file: file, line: line) }
  return isMet
}
