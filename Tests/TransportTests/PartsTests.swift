import Servers
import XCTest

@testable import Transport

final class PartsTests: XCTestCase {
  private func judge(_ text: String, prefix: Int = 9_999) -> UpgradeExchange.Verdict {
    UpgradeExchange.judge(Array(("skip" + text).utf8).prefix(prefix + 4)[4...])
  }

  func testTheReplyToAnUpgrade() {
    let reply = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: quorate/1\r\n\r\n"
    for count in 0..<reply.utf8.count {
      XCTAssertEqual(judge(reply, prefix: count), .incomplete)
    }
    XCTAssertEqual(judge(reply + "\u{0}\u{1}"), .upgraded(reply.utf8.count))
    XCTAssertEqual(
      judge("HTTP/1.1 426 Upgrade Required\r\nA: b\r\n\r\n"), .refused("HTTP/1.1 426 Upgrade Required"))
    XCTAssertEqual(judge("HTTP/1.1 1010\r\n\r\n"), .refused("HTTP/1.1 1010"))
    XCTAssertEqual(judge("a\u{1b}[2J\n\r\n\r\n"), .refused("a?[2J?"))
    XCTAssertEqual(
      judge(String(repeating: "x", count: PeerBounds.upgradeBytesMax)), .refused("a reply without end"))
  }

  func testWhatIsSaidAgainIsSaidOnceInAWhile() {
    var limiter = NoteLimiter(interval: 100)
    XCTAssertTrue(limiter.allows("a", at: 1000))
    XCTAssertFalse(limiter.allows("a", at: 1099))
    XCTAssertTrue(limiter.allows("b", at: 1099))
    XCTAssertTrue(limiter.allows("a", at: 1100))
    XCTAssertFalse(limiter.allows("b", at: 1198))
  }

  func testTheLinesRememberedAreBounded() {
    var limiter = NoteLimiter(interval: 100)
    for line in 0...PeerBounds.notesMax { XCTAssertTrue(limiter.allows("\(line)", at: 1)) }
    XCTAssertTrue(limiter.allows("0", at: 1))
    XCTAssertFalse(limiter.allows("\(PeerBounds.notesMax)", at: 1))
  }

  func testAnEventsFieldsAreFoundByName() {
    let event = PeerEvent(.warning, "e", ["a": "1", "b": "2"])
    XCTAssertEqual(event["b"], "2")
    XCTAssertNil(event["c"])
    XCTAssertEqual(event.fields.map(\.name), ["a", "b"])
  }
}
