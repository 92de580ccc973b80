import ArgumentParser
import Arguments
import Glibc

let arguments = Array(CommandLine.arguments.dropFirst())
let isReplay = arguments.first == "replay"
do {
  if isReplay {
    try ReplayCommand.parse(Array(arguments.dropFirst())).run()
  } else {
    let command = try KVSim.parse(arguments)
    try command.run()
  }
} catch {
  let ending = isReplay ? ReplayCommand.ending(for: error) : KVSim.ending(for: error)
  put(ending.text, to: ending.isError ? 2 : 1)
  exit(ending.status)
}
