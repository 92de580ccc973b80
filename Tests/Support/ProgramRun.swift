import Foundation
import UV
import XCTest

/// One run of the built `kvclient`, beside the loop that its servers live on.
struct CommandRun {
  var stdout = ""
  var stderr = ""
  var status: Int32 = -1

  /// The program that was built with this test bundle.
  static var program: URL {
    URL(fileURLWithPath: ProcessInfo.processInfo.arguments[0]).deletingLastPathComponent()
      .appendingPathComponent("kvclient")
  }

  /// Runs to the end. What is started here is ended here, also when it hangs.
  init(
    _ arguments: [String], on loop: Loop, in directory: URL, environment: [String: String] = [:],
    stdin: Data? = nil
  ) throws {
    let process = Process()
    process.executableURL = Self.program
    process.arguments = arguments
    process.currentDirectoryURL = directory
    // The program leaves its connections to the end of the process, which a leak checker would call a leak.
    process.environment = environment.merging(["ASAN_OPTIONS": "detect_leaks=0"]) { own, _ in own }
    let output = directory.appendingPathComponent("stdout.\(UUID().uuidString)")
    let errors = directory.appendingPathComponent("stderr.\(UUID().uuidString)")
    let input = directory.appendingPathComponent("stdin.\(UUID().uuidString)")
    for (file, content) in [(output, nil), (errors, nil), (input, stdin)] {
      try (content ?? Data()).write(to: file)
    }
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    process.standardInput = try FileHandle(forReadingFrom: input)
    try process.run()
    defer {
      if process.isRunning { kill(process.processIdentifier, SIGKILL) }
      process.waitUntilExit()
    }
    let turns = UV.Timer(loop) {}
    turns.start(after: 2, repeating: 2)
    defer { turns.close() }
    loop.wait("the end of kvclient \(arguments)") { !process.isRunning }
    guard !process.isRunning else { return }
    status = process.terminationStatus
    stdout = String(decoding: try Data(contentsOf: output), as: UTF8.self)
    stderr = String(decoding: try Data(contentsOf: errors), as: UTF8.self)
  }
}
