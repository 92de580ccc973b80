import UV
import XCTest

final class SystemTests: XCTestCase {
  func testErrorsHaveNamesAndWords() {
    XCTAssertEqual(UVError.addressInUse.name, "EADDRINUSE")
    XCTAssertEqual(UVError.addressInUse.description, "EADDRINUSE: address already in use")
    XCTAssertEqual(UVError(code: -12_345).name, "Unknown system error -12345")
  }

  func testDescriptorLimitIsRaisedAndSet() {
    let usual = descriptorLimit()
    defer { setDescriptorLimit(usual) }
    setDescriptorLimit(usual - 1)
    XCTAssertEqual(descriptorLimit(), usual - 1)
    let raised = raiseDescriptorLimit()
    XCTAssertGreaterThanOrEqual(raised, usual)
    XCTAssertEqual(descriptorLimit(), raised)
  }

  func testRandomBytesDiffer() {
    XCTAssertEqual(randomBytes(count: 0), [])
    let draws = (0..<100).map { _ in randomBytes(count: 16) }
    XCTAssertTrue(draws.allSatisfy { $0.count == 16 })
    XCTAssertEqual(Set(draws).count, 100)
  }

  func testClocks() {
    XCTAssertGreaterThan(Clock.wallMilliseconds, 1_700_000_000_000)
    XCTAssertLessThanOrEqual(Clock.nanoseconds, Clock.nanoseconds)
  }
}
