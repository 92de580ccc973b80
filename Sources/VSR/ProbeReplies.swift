/// What has been answered to one probe, folded as it comes. Answers of earlier and later views count apart: bare op
/// numbers mean nothing across views.
struct ProbeReplies: Sendable {
  private(set) var answered = ServerMask()
  /// The greatest log view answered, and the greatest head answered from it.
  private(set) var logView: View = 0
  private var head: Op = 0
  /// How far the normal primary of that view says must be seen: it stands for all answers from its view.
  private var primarys: Op?
  /// The greatest head of any view.
  private var anyHead: Op = 0

  /// `isPrimarys`: who answers is the primary of the reply's log view.
  mutating func add(_ reply: ProbeReply, from server: ServerIndex, isPrimarys: Bool) {
    answered.insert(server)
    anyHead = max(anyHead, reply.head)
    guard reply.logView >= logView else { return }
    if reply.logView > logView { (logView, head, primarys) = (reply.logView, 0, nil) }
    head = max(head, reply.head)
    if isPrimarys, let startOp = reply.startOp { primarys = max(reply.commit, startOp, primarys ?? 0) }
  }

  /// How far must be seen of the log of `logView`. `comparesLogViews`: always, but where that rule is removed.
  func op(comparesLogViews: Bool) -> Op { primarys ?? (comparesLogViews ? head : anyHead) }
}
