import HTTP
import XCTest

/// What the client writes, the server's parser reads.
final class RequestWriterTests: XCTestCase {
  private let writer = RequestWriter(host: Array("h:1".utf8))

  func testReadWriteRemove() {
    XCTAssertEqual(
      text { writer.putRead(key: $0, into: &$2) }, "GET /a%20%C3%BC%2F HTTP/1.1\r\nHost: h:1\r\n\r\n")
    XCTAssertEqual(parsed { writer.putRead(key: $0, into: &$2) }, ["S1.1+ get read <a ü/>"])
    XCTAssertEqual(
      parsed { writer.putWrite(key: $0, value: $1, into: &$2) }, ["S1.1+ put write <a ü/> <v %41=>"])
    XCTAssertEqual(parsed { writer.putRemove(key: $0, into: &$2) }, ["S1.1+ delete remove <a ü/>"])
  }

  func testOptions() {
    var options = RequestWriter.Options()
    options.demand = .linearizable
    options.idempotencyKey = Array("17-x".utf8)
    options.ifMatch = EntityTag(lineage: 3, number: 4)
    options.closes = true
    XCTAssertEqual(
      parsed { writer.putWrite(key: $0, value: $1, options: options, into: &$2) },
      ["S1.1- put write <a ü/> <v %41=> linearizable once:17-x if:3-4"])
    var creation = RequestWriter.Options()
    creation.isCreation = true
    creation.demand = .local
    XCTAssertEqual(
      parsed { writer.putWrite(key: $0, value: $1, options: creation, into: &$2) },
      ["S1.1+ put write <a ü/> <v %41=> local unless:*"])
  }

  func testAdmin() {
    XCTAssertEqual(
      parsed { writer.putAdmin(.get, path: "/-/status", into: &$2) }, ["S1.1+ get admin /-/status"])
    XCTAssertEqual(
      parsed { writer.putAdmin(.post, path: "/-/recover", into: &$2) }, ["S1.1+ post admin /-/recover"])
    let body = Array("without=a:1".utf8)
    let request = text { writer.putAdmin(.post, path: "/-/recover", body: body, into: &$2) }
    XCTAssertTrue(request.hasSuffix("Content-Length: 11\r\n\r\nwithout=a:1"), request)
  }

  func testEveryAllowedScalarAsKey() {
    for value in (0x20...0x3ff).compactMap(Unicode.Scalar.init) {
      let key = Array(String(value).utf8)
      key.withUnsafeBytes { bytes in
        guard TextRules.keyFault(bytes) == nil else { return }
        var output: [UInt8] = []
        writer.putRead(key: bytes, into: &output)
        XCTAssertEqual(
          Transcript.requests(Pieces.whole(output), end: nil).lines, ["S1.1+ get read <\(Character(value))>"])
      }
    }
  }

  private typealias Put = (UnsafeRawBufferPointer, UnsafeRawBufferPointer, inout [UInt8]) -> Void

  private func bytes(_ put: Put) -> [UInt8] {
    var output: [UInt8] = []
    Array("a ü/".utf8).withUnsafeBytes { key in
      Array("v %41=".utf8).withUnsafeBytes { value in put(key, value, &output) }
    }
    return output
  }

  private func text(_ put: Put) -> String { String(decoding: bytes(put), as: UTF8.self) }

  private func parsed(_ put: Put) -> [String] {
    Transcript.requests(Pieces.bytewise(bytes(put)), end: nil).lines
  }
}
