import Foundation
import XCTest

/// The habits of this repository, held over all of its files.
final class TidyTests: XCTestCase {
  private static let top = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Every file below `folders`, its path from the top.
  private func files(_ folders: String..., endings: [String]) -> [String] {
    folders.flatMap { folder -> [String] in
      let names = FileManager.default.enumerator(atPath: TidyTests.top.path + "/" + folder)
      return (names?.allObjects as? [String] ?? []).map { "\(folder)/\($0)" }
    }
    .filter { path in endings.contains { path.hasSuffix($0) } }.sorted()
  }

  private func read(_ path: String) -> String {
    (try? String(contentsOf: TidyTests.top.appendingPathComponent(path), encoding: .utf8)) ?? ""
  }

  private func check(_ paths: [String], _ rule: (String, String) -> [Breach]) {
    XCTAssertFalse(paths.isEmpty, "no files found: the check would hold for anything")
    for path in paths {
      for breach in rule(path, read(path)) { XCTFail("\(breach)") }
    }
  }

  func testImportsPointDown() {
    check(files("Sources", endings: [".swift"]), Rules.importBreaches)
  }

  func testEveryModuleHasItsRow() throws {
    let modules = try FileManager.default.contentsOfDirectory(atPath: TidyTests.top.path + "/Sources")
    XCTAssertFalse(modules.isEmpty)
    for module in modules where !Rules.systemLibraries.contains(module) {
      XCTAssertNotNil(Rules.imports[module], "\(module) has no row in the import table")
    }
  }

  func testTheTableItselfPointsDown() {
    // A module that may import another must not be importable from it, at any distance.
    for module in Rules.imports.keys {
      XCTAssertFalse(below(module).contains(module), "\(module) is below itself")
    }
    for (module, allowed) in Rules.imports where module != "UV" {
      XCTAssertFalse(allowed.contains("CLibUV"), module)
    }
    for module in [
      "VSR", "KVStore", "Wire", "Journal", "Bytes", "HTTP", "History", "Simulator", "Servers", "Scenario",
    ] {
      XCTAssertTrue(
        below(module).isDisjoint(with: ["UV", "CLibUV", "Glibc", "Foundation"]), "\(module) is pure")
    }
  }

  private func below(_ module: String) -> Set<String> {
    var reached: Set<String> = []
    var waiting = Array(Rules.imports[module] ?? [])
    while let next = waiting.popLast() {
      guard reached.insert(next).inserted else { continue }
      waiting += Rules.imports[next] ?? []
    }
    return reached
  }

  func testNoModuleSharesATypesName() {
    let paths = files("Sources", endings: [".swift"])
    let sources = Dictionary(uniqueKeysWithValues: paths.map { ($0, read($0)) })
    XCTAssertTrue(sources.values.flatMap(Rules.sharedTypes).contains("Store"))
    for breach in Rules.sharedNameBreaches(sources) { XCTFail("\(breach)") }
  }

  func testSizes() {
    check(
      files("Sources", "Tests", "Fuzz", "scripts", "bench", endings: [".swift", ".c", ".h", ".sh", ".py"]),
      Rules.sizeBreaches)
  }

  func testVocabulary() {
    check(
      files("Sources", "docs", endings: [".swift", ".h", ".md"]) + ["README.md"], Rules.vocabularyBreaches)
  }

  func testNothingIsPutOff() {
    check(
      files(
        "Sources", "Tests", "scripts", "bench", "docs", endings: [".swift", ".h", ".c", ".sh", ".py", ".md"])
        + ["Package.swift", "Makefile", "README.md"], Rules.promiseBreaches)
  }

  func testEveryDocumentIsLinked() {
    var paths: Set<String> = ["Package.swift", "Makefile", ".ci/run"]
    paths.formUnion(files("Sources", "Tests", "Fuzz", "scripts", "bench", "docs", endings: [""]))
    paths.formUnion(["README.md"].filter { !read($0).isEmpty })
    let documents = paths.filter { path in
      !path.hasPrefix("docs/")
        || [".md", ".txt", ".svg", ".png", ".html", ".json"].contains { path.hasSuffix($0) }
    }
    XCTAssertTrue(documents.contains("docs/README.md"))
    XCTAssertTrue(documents.contains("README.md"))
    for breach in Links.breaches(documents, read: read) { XCTFail("\(breach)") }
  }
}
