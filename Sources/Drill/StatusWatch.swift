import Faults
import Foundation
import HTTP
import UV

/// Asks every server for its status, again and again, and keeps what was heard last and each new view.
final class StatusWatch {
  /// Between two questions to one server, milliseconds.
  private static let lookMilliseconds: UInt64 = 100

  private let cluster: Cluster
  private var questions: [Question?]
  private(set) var latest: [StatusReport?]
  private(set) var views: [ViewMark] = []
  private var timer: UV.Timer!

  init(_ cluster: Cluster) {
    self.cluster = cluster
    questions = Array(repeating: nil, count: cluster.count)
    latest = Array(repeating: nil, count: cluster.count)
    timer = UV.Timer(cluster.loop) { [unowned self] in look() }
    timer.start(after: 0, repeating: Self.lookMilliseconds)
  }

  func close() {
    timer.close()
    questions.forEach { $0?.close() }
  }

  private func look() {
    for server in cluster.all {
      if let question = questions[server] {
        guard question.isOver else { continue }
        take(question.reply, of: server)
        question.close()
      }
      var options = RequestWriter.Options()
      options.closes = true
      questions[server] = Question(cluster, server) { writer, output in
        writer.putAdmin(.get, path: "/-/status", options: options, into: &output)
      }
    }
  }

  private func take(_ reply: Question.Reply?, of server: Int) {
    guard let reply, reply.status == 200,
      let status = try? JSONDecoder().decode(StatusReport.self, from: Data(reply.body))
    else {
      latest[server] = nil
      return
    }
    latest[server] = status
    guard status.status == "normal", let primary = status.primary else { return }
    let seen = views.last.map { ($0.epoch, $0.view) } ?? (0, 0)
    guard views.isEmpty || (status.epoch, status.view) > seen else { return }
    views.append(
      ViewMark(
        at: Clock.nanoseconds, epoch: status.epoch, view: status.view,
        primary: cluster.all.first { cluster.ground.address($0) == primary }))
  }
}
