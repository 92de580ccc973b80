import HTTP
import UV

extension Frontend {
  /// For the `Date` field: to be called at least once a second.
  func updateDate() {
    let seconds = Clock.wallMilliseconds / 1000
    if seconds == writtenSecond { return }
    writtenSecond = seconds
    writer.setClock(seconds: seconds)
  }
}

extension Reply {
  init(_ unanswered: Unanswered, form: ReplyForm) {
    self.init(unanswered.status, form: form)
    if unanswered.mayBeRetried { retryAfter = FrontendOptions.retryAfter }
  }
}
