let arguments = Array(CommandLine.arguments.dropFirst())
if arguments.first == "replay" {
  ReplayCommand.main(Array(arguments.dropFirst()))
} else {
  KVSim.main()
}
