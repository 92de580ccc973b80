// kvdrill: pulls plugs, and tells what came of it.
import ArgumentParser
import Foundation

do {
  try KVDrill.parse().run()
} catch {
  if KVDrill.exitCode(for: error) != .validationFailure { KVDrill.exit(withError: error) }
  FileHandle.standardError.write(Data((KVDrill.fullMessage(for: error) + "\n").utf8))
  // As of all of Quorate's programs; the parser's own is 64.
  exit(2)
}
