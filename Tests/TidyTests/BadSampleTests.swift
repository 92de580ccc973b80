import XCTest

/// Each rule is shown a bad sample, so that it is known to be able to fail.
final class BadSampleTests: XCTestCase {
  func testAWrongImportFailsAndNamesTheRule() {
    func rules(_ path: String, _ source: String) -> [String] {
      Rules.importBreaches(path, source).map(\.rule)
    }
    XCTAssertEqual(
      rules("Sources/VSR/Replica.swift", "import Bytes\nimport CLibUV\n"),
      ["VSR may not import CLibUV: only UV imports CLibUV"])
    XCTAssertEqual(
      rules("Sources/KVNode/main.swift", "import Foundation\n"),
      ["KVNode may not import Foundation: no Foundation outside tests, load and simulation"])
    XCTAssertEqual(
      rules("Sources/HTTP/A.swift", "@preconcurrency internal import Glibc\n"),
      ["HTTP may not import Glibc: this layer knows no loop and no system"])
    XCTAssertEqual(
      rules("Sources/Bytes/A.swift", "import struct KVStore.Store\n"),
      ["Bytes may not import KVStore: imports point down only"])
    XCTAssertEqual(rules("Sources/New/A.swift", "").count, 1)
    XCTAssertEqual(rules("Sources/Bytes/A.swift", "// import UV\nlet a = \"\"\"\nimport UV\n\"\"\"\n"), [])
    XCTAssertEqual(rules("Sources/UV/Loop.swift", "@_exported import CLibUV\n"), [])
  }

  func testLongFilesAndFunctionsFail() {
    XCTAssertEqual(Rules.sizeBreaches("a.sh", String(repeating: "x\n", count: 500)), [])
    XCTAssertEqual(Rules.sizeBreaches("a.sh", String(repeating: "x\n", count: 501)).count, 1)
    func function(_ lines: Int) -> String {
      "struct A {\n  func long() {\n" + String(repeating: "    x()\n", count: lines - 2) + "  }\n}\n"
    }
    XCTAssertEqual(Rules.sizeBreaches("a.swift", function(70)), [])
    XCTAssertEqual(
      Rules.sizeBreaches("a.swift", function(71)),
      [Breach(place: "a.swift:2", rule: "long has 71 lines, over 70")])
  }

  func testFunctionsAreFoundThroughStringsAndComments() {
    let source = ##"""
      protocol P { func required(); var shown: Int { get } }
      func a(_ body: () -> Void = {}) -> [String: Int] where Int: P {
        let s = "}" + "\"}" + #"\"}"# + """
          }} \(f("}") { 1 }) "}
          """
        // }
        /* } /* } */ } */
        _ = #"\#(g { "}" })"#
      }
      struct S {
        var computed: Int {
          1
        }
        var stored: Int
        var closure = { 2 }
        init(
          a: Int
        ) {
          self.init()
        }
        static func == (a: S, b: S) -> Bool {
          true
        }
      }
      """##
    XCTAssertEqual(
      Functions(source).found,
      [
        .init(name: "shown", line: 1, lines: 1), .init(name: "a", line: 2, lines: 8),
        .init(name: "computed", line: 11, lines: 3), .init(name: "init", line: 16, lines: 5),
        .init(name: "operator", line: 21, lines: 3),
      ])
  }

  func testSharedTypeNamesFail() {
    let source = """
      package final class A<Element> {
        package struct Nested {}
      }
      struct Own {}
      @frozen public indirect enum B: Error {}
      package typealias C = (struct: Int, D: Int)
      extension E {}
      """
    XCTAssertEqual(Rules.sharedTypes(source), ["A", "B", "C"])
    XCTAssertEqual(
      Rules.sharedNameBreaches([
        "Sources/X/a.swift": source, "Sources/Y/a.swift": "package struct B {}",
        "Sources/Y/b.swift": "enum C {}",
        "Sources/Y/c.swift": "package struct F {}", "Sources/Y/d.swift": "package struct F {}",
      ]).map(\.description), ["X, Y: no module shares a type's name: B"])
  }

  func testWordsOfOtherPapersFail() {
    func rules(_ text: String) -> [String] { Rules.vocabularyBreaches("a", text).map(\.description) }
    XCTAssertEqual(rules("x\nthe Leader\n"), ["a:2: say primary, not leader"])
    XCTAssertEqual(rules("let currentTerm = 1"), ["a:1: say view, not term"])
    XCTAssertEqual(
      rules("follower_count, masters"), ["a:1: say backup, not follower", "a:1: say primaries, not masters"])
    XCTAssertEqual(rules("terminate determined SIGTERM leading masterful"), [])
  }

  func testPutOffWorkFails() {
    for word in Rules.promises {
      XCTAssertEqual(Rules.promiseBreaches("a", "x\n// \(word): later").map(\.place), ["a:2"])
    }
    XCTAssertEqual(Rules.promiseBreaches("a", "to do"), [])
  }

  func testLostDocumentsAndBrokenLinksFail() {
    let texts = [
      "README.md": "[docs](docs/README.md) [web](https://example.org/x.md) [up](#here)",
      "docs/README.md": "[a](a.md#part) [gone](gone.md) [code](../Sources)", "docs/a.md": "[b](./deep/b.md)",
      "docs/deep/b.md": "[back](../README.md)", "docs/lost.md": "", "Sources/A/a.swift": "",
    ]
    XCTAssertEqual(
      Links.breaches(Set(texts.keys)) { texts[$0] ?? "" }.map(\.description),
      [
        "docs/README.md: the link to gone.md leads nowhere",
        "docs/lost.md: no link from README.md or docs/README.md leads here",
      ])
  }
}
