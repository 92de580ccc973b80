import ArgumentParser
import Glibc

do {
  let arguments = Array(CommandLine.arguments.dropFirst())
  if arguments.first == "replay" {
    try ReplayCommand.parse(Array(arguments.dropFirst())).run()
  } else {
    let command = try KVSim.parse(arguments)
    try command.run()
  }
} catch {
  // Its own status for wrong usage, 64, is 2 with every program of ours.
  let isReplay = CommandLine.arguments.dropFirst().first == "replay"
  let command: any ParsableCommand.Type = isReplay ? ReplayCommand.self : KVSim.self
  if command.exitCode(for: error) != .validationFailure { command.exit(withError: error) }
  put(command.fullMessage(for: error) + "\n", to: 2)
  exit(2)
}
