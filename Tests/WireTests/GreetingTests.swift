import Bytes
import Wire
import XCTest

final class GreetingTests: XCTestCase {
  private let hello = Hello(
    versions: 1...2, digest: Digest(low: 0x0102_0304_0506_0708, high: 0x1112_1314_1516_1718),
    servers: ["a:1", "b:2"], own: "a:1", addressee: "b:2", incarnation: 0xa0, session: 0x55,
    epochNumber: 300, storeLimit: 1 << 20, program: "1.2")

  private func bytes(_ greeting: Greeting) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.put(greeting)
    return bytes
  }

  private func take(_ bytes: [UInt8]) throws -> Greeting? {
    try bytes.withUnsafeBytes { try Greeting.take(from: $0)?.greeting }
  }

  private func error(_ bytes: [UInt8]) -> FrameError? {
    do {
      _ = try take(bytes)
      return nil
    } catch {
      return error as? FrameError
    }
  }

  private var all: [Greeting] { [.hello(hello), .refusal("no: \"why\""), .welcome(version: 2)] }

  /// Programs of every version must understand these for ever.
  func testGolden() {
    let hex = all.map { bytes($0).map { String(format: "%02x", $0) }.joined() }
    XCTAssertEqual(
      hex[0],
      "42000000" + "0001" + "51525445" + "0102" + "0807060504030201" + "1817161514131211"
        + "0203613a3103623a32" + "03613a31" + "03623a32" + "a000000000000000" + "5500000000000000" + "ac02"
        + "808040" + "03312e32")
    XCTAssertEqual(hex[1], "0c000000" + "0002" + "09" + "6e6f3a202277687922")
    XCTAssertEqual(hex[2], "03000000" + "0003" + "02")
  }

  func testTheyComeBackAsTheyWent() throws {
    for greeting in all { XCTAssertEqual(try take(bytes(greeting)), greeting) }
    let three = all.flatMap(bytes)
    let (first, count) = try XCTUnwrap(three.withUnsafeBytes { try Greeting.take(from: $0) })
    XCTAssertEqual(first, all[0])
    XCTAssertEqual(count, bytes(all[0]).count)
  }

  func testEveryTruncationWaits() throws {
    for greeting in all {
      let whole = bytes(greeting)
      for count in 0..<whole.count { XCTAssertNil(try take(Array(whole[..<count]))) }
    }
  }

  func testALaterProgramMayAddToAHello() throws {
    var longer = bytes(.hello(hello)) + [1, 2, 3]
    longer.patch(UInt32(longer.count - 4), at: 0)
    XCTAssertEqual(try take(longer), .hello(hello))
    for other in all.dropFirst() {
      var longer = bytes(other) + [1]
      longer.patch(UInt32(longer.count - 4), at: 0)
      XCTAssertEqual(error(longer), .malformed)
    }
  }

  func testWhatIsNoGreeting() {
    XCTAssertEqual(error([9, 0, 0, 0, 1]), .unknownVersion(1))
    XCTAssertEqual(error([9, 0, 0, 0, 0, 4]), .unknownKind(4))
    XCTAssertEqual(error([1, 0, 0, 0, 0, 1]), .malformed)
    XCTAssertEqual(error([0, 0, 1, 0, 0, 1]), .oversize(1 << 16))
    XCTAssertEqual(error(Array("GET / HTTP/1.1\r\n".utf8)), .unknownVersion(UInt8(ascii: "/")))
    var strange = bytes(.hello(hello))
    strange[6] ^= 1  // the magic
    XCTAssertEqual(error(strange), .malformed)
  }

  func testEveryFlippedBitIsSafe() throws {
    for greeting in all {
      var changed = bytes(greeting)
      for bit in 0..<changed.count * 8 {
        changed[bit / 8] ^= 1 << UInt8(bit % 8)
        if let other = try? take(changed) { XCTAssertNotEqual(other, greeting) }
        changed[bit / 8] ^= 1 << UInt8(bit % 8)
      }
    }
  }

  /// They go to logs: one line, nothing that a terminal obeys.
  func testTextsArePrintable() throws {
    XCTAssertEqual(try take(bytes(.refusal("a\nb\u{1b}[2Jé"))), .refusal("a?b?[2J??"))
    var named = hello
    named.own = "a\n:1"
    XCTAssertEqual(error(bytes(.hello(named))), .malformed)
  }

  func testTheLongestHelloThereCanBeFits() throws {
    var long = hello
    let address = String(repeating: "x", count: Hello.addressBytesMax)
    long.servers = [String](repeating: address, count: 7)
    (long.own, long.addressee) = (address, address)
    (long.epochNumber, long.storeLimit) = (.max, .max)
    long.program = String(repeating: "9", count: Hello.programBytesMax)
    XCTAssertEqual(try take(bytes(.hello(long))), .hello(long))
    long.own += "x"
    XCTAssertEqual(try take(bytes(.hello(long))).map { $0 == .hello(long) }, false)
    let reason = String(repeating: "r", count: Greeting.reasonBytesMax)
    XCTAssertEqual(try take(bytes(.refusal(reason + "more"))), .refusal(reason))
  }
}
