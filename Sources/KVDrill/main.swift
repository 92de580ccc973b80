// kvdrill: pulls plugs, and tells what came of it.
import ArgumentParser
import Arguments
import Foundation

do {
  try KVDrill.parse().run()
} catch {
  let ending = KVDrill.ending(for: error)
  let output = ending.isError ? FileHandle.standardError : .standardOutput
  output.write(Data(ending.text.utf8))
  exit(ending.status)
}
