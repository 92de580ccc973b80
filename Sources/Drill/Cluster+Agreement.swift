import HTTP
import UV

/// What must hold when the faults are over.
extension Cluster {
  /// The clients of the final reads, in the history.
  private static let firstReader: UInt32 = 1_000_000

  /// Waits until all are well and stand at one position; that position.
  @discardableResult
  func settle() throws -> String {
    try waitUntilWell()
    var position = ""
    try waitForStatus("all being at one commit", of: all) { known in
      position = known[0].position
      return known.allSatisfy { $0.position == position && $0.op == $0.commit && !$0.lossPossible }
    }
    return position
  }

  /// Reads each key at each server, as part of the history; what is wrong, in words.
  func readEverything(_ workload: Workload) -> [String] {
    var findings: [String] = []
    for key in workload.keys {
      let name = String(decoding: key, as: UTF8.self)
      var values: Set<[UInt8]?> = []
      let questions = ask(all, keyLength: key.count) { writer, output in
        PlannedOperation(key: key, action: .read).put(writer, isStrict: true, into: &output)
      }
      for (server, question) in questions.enumerated() {
        guard let reply = question.reply, reply.status == 200, !reply.isLabelled else {
          let said = question.reply.map { "\($0.status) \($0.text)" } ?? question.fault ?? "nothing"
          findings.append("server \(server) does not read \(name) at the end: \(said)")
          continue
        }
        values.insert(reply.value)
        workload.recorder.addRead(
          client: Cluster.firstReader + UInt32(server), key: key, value: reply.value,
          from: question.invocation, to: question.response)
      }
      if values.count > 1 { findings.append("servers differ about \(name)") }
    }
    return findings
  }

  /// The dumps of all servers must be the same; what is wrong, in words.
  func compareDumps() -> [String] {
    let dumps = admin("/-/dump", all).map { $0?.status == 200 ? $0?.text : nil }
    return dumps.enumerated().compactMap { server, dump in
      if dump == nil { return "server \(server) gives no dump" }
      return dump == dumps[0] ? nil : "the dumps of 0 and \(server) differ"
    }
  }
}
