import UV
import XCTest

final class SocketAddressTests: XCTestCase {
  func testNumericTextIsReadAndWritten() throws {
    for (text, written) in [
      ("127.0.0.1", "127.0.0.1:80"), ("255.1.2.3", "255.1.2.3:80"), ("::1", "[::1]:80"),
      ("[::1]", "[::1]:80"),
      ("2001:db8:0:0:0:0:0:1", "[2001:db8::1]:80"), ("0.0.0.0", "0.0.0.0:80"), ("::", "[::]:80"),
      ("::ffff:10.1.2.3", "10.1.2.3:80"),
    ] {
      XCTAssertEqual(try XCTUnwrap(SocketAddress(text, port: 80)).description, written)
    }
  }

  func testOtherTextIsNoAddress() {
    for text in ["", "localhost", "1.2.3", "1.2.3.4.5", "256.1.1.1", ":::", "1.2.3.4:80", "[1", "[]"] {
      XCTAssertNil(SocketAddress(text, port: 80), text)
    }
  }

  func testLoopbackAndAny() throws {
    for (text, isLoopback, isAny) in [
      ("127.0.0.1", true, false), ("127.9.9.9", true, false), ("128.0.0.1", false, false),
      ("::1", true, false), ("::ffff:127.0.0.1", true, false), ("::2", false, false),
      ("0.0.0.0", false, true),
      ("::", false, true),
    ] {
      let address = try XCTUnwrap(SocketAddress(text, port: 0))
      XCTAssertEqual(address.isLoopback, isLoopback, text)
      XCTAssertEqual(address.isAny, isAny, text)
    }
    XCTAssertEqual(SocketAddress.any(port: 7).description, "[::]:7")
    XCTAssertEqual(SocketAddress.loopback(port: 7).description, "127.0.0.1:7")
  }

  func testEqualMeansTheSameEndpoint() {
    XCTAssertEqual(SocketAddress("::ffff:1.2.3.4", port: 5), SocketAddress("1.2.3.4", port: 5))
    XCTAssertNotEqual(SocketAddress("1.2.3.4", port: 6), SocketAddress("1.2.3.4", port: 5))
    XCTAssertNotEqual(SocketAddress("::1.2.3.4", port: 5), SocketAddress("1.2.3.4", port: 5))
  }
}
