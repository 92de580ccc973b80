extension ServerReport {
  /// `/-/status`. Numbers of 64 bits without meaning as numbers (incarnation, lineage) are decimal all the same.
  func json(counters: [(name: String, value: UInt64)]) -> [UInt8] {
    var text = JSONText()
    text.object { text in
      putIdentity(&text)
      putLog(&text)
      text.name("members")
      text.array(members) { $1.put(&$0) }
      text.name("peers")
      text.array(peers) { $1.put(&$0) }
      text.member("keys", keys)
      text.member("bytes", bytes)
      text.name("counters")
      text.object { text in
        for counter in counters { text.member(counter.name, counter.value) }
        for counter in self.counters { text.member(counter.name, counter.value) }
      }
    }
    return text.bytes
  }

  private func putIdentity(_ text: inout JSONText) {
    text.member("id", id)
    text.member("version", version)
    text.member("cluster", cluster)
    text.member("epoch", epoch)
    text.member("incarnation", incarnation)
    text.member("view", view)
    text.member("role", role.rawValue)
    text.member("status", state.rawValue)
    text.member("linearizable", isLinearizable)
    text.member("reason", reason)
    text.member("primary", primary)
  }

  private func putLog(_ text: inout JSONText) {
    text.member("op", op)
    text.member("commit", commit)
    text.member("durable", isDurable)
    text.member("lineage", lineage)
    text.member("lossPossible", isLossPossible)
  }
}

extension ServerReport.Member {
  fileprivate func put(_ text: inout JSONText) {
    text.object { text in
      text.member("id", id)
      text.member("incarnation", incarnation)
      text.member("weight", weight)
      text.member("voting", isVoting)
    }
  }
}

extension ServerReport.Peer {
  fileprivate func put(_ text: inout JSONText) {
    text.object { text in
      text.member("id", id)
      text.member("link", link.rawValue)
      text.member("suspected", isSuspected)
      text.member("acked", acked)
      text.member("lag", lag)
      text.name("sent")
      sent.put(&text)
      text.name("received")
      received.put(&text)
    }
  }
}

extension ServerReport.Traffic {
  fileprivate func put(_ text: inout JSONText) {
    text.object { text in
      text.member("messages", messages)
      text.member("bytes", bytes)
    }
  }
}
