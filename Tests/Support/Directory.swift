import Foundation

/// A temporary directory that goes with its last user.
package final class Directory {
  package let path: String

  package init() throws {
    var template = Array((NSTemporaryDirectory() + "/quorate-XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else { throw Child.Failure.spawn(errno) }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  package func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/" + name))
  }

  package func read(_ name: String) -> String { contents(path + "/" + name) }
}

/// What a file holds now; empty when there is none.
package func contents(_ path: String) -> String {
  String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
}
