import ArgumentParser
import Glibc
import Simulator

/// `kvsim replay FILE`: what a node was given, again.
struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kvsim replay",
    abstract: "Steps the replicated core through a capsule that a node wrote, and prints every event.",
    discussion:
      "Ends as the node did: by the same failed precondition, if it was one (a debug build says where).")

  @Argument(help: "The capsule.")
  var file: String

  @Flag(help: "Print only where it ends.")
  var quiet = false

  func run() throws {
    guard let bytes = contents() else {
      throw ValidationError("cannot read \(file): \(String(cString: strerror(errno)))")
    }
    guard let replay = try? Replay(bytes, trace: { if !quiet { put($0 + "\n", to: 1) } }) else {
      throw ValidationError("\(file) is no capsule of this version")
    }
    put(replay.ending + "\n", to: 1)
  }

  private func contents() -> [UInt8]? {
    guard let stream = fopen(file, "r") else { return nil }
    defer { fclose(stream) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&buffer, 1, buffer.count, stream)
      if count == 0 { return bytes }
      bytes += buffer[..<count]
    }
  }
}
