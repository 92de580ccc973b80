// kvnode: the server.
import Glibc

do throws(Failure) {
  switch try Invocation.parse(CommandLine.arguments) {
  case .help: print(Options.help, terminator: "")
  case .version: print("kvnode \(programVersion)")
  case .serve(let options): try Node(options).run()
  }
} catch {
  writeToStandardError("ERROR: \(error.message)")
  exit(error.cause.rawValue)
}
