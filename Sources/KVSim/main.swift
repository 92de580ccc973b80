import Simulator

var settings = Settings(seed: UInt64(CommandLine.arguments[1])!)
let simulation = Simulation(settings)
if CommandLine.arguments.count > 2 { simulation.trace = { print($0) } }
let report = simulation.run()
print(report)
