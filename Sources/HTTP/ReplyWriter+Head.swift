/// Status line and fields, without the empty line.
extension ReplyWriter {
  func putHead(_ reply: Reply, bodyLength: Int, with pen: inout Pen) {
    let isPlain = reply.status == .ok && reply.contentType == .text && !reply.isStreamed
    switch reply.form.dialect {
    case .standard where isPlain && reply.form.isHTTP11:
      pen.put(standardStart)
      pen.putDecimal(UInt64(bodyLength))
      pen.put("\r\n")
    case .classic where isPlain:
      pen.put(classicStart)
      pen.putDecimal(UInt64(bodyLength))
      pen.put("\r\nContent-Type: text/plain\r\n")
    case .standard, .classic:
      putGeneralStart(reply, bodyLength: bodyLength, with: &pen)
    }
    if reply.status == .upgradeRequired { pen.put("Upgrade: quorate/1\r\nConnection: upgrade\r\n") }
    if reply.needsFields { putFields(reply, with: &pen) }
  }

  private func putGeneralStart(_ reply: Reply, bodyLength: Int, with pen: inout Pen) {
    pen.put(reply.form.isHTTP11 ? "HTTP/1.1 " : "HTTP/1.0 ")
    pen.put(reply.status.codeAndPhrase)
    pen.put("\r\n")
    pen.put(reply.form.dialect == .standard ? commonFields : serverField)
    if reply.status.isBodiless { return }
    if !reply.isStreamed {
      pen.put("Content-Length: ")
      pen.putDecimal(UInt64(bodyLength))
      pen.put("\r\n")
    } else if reply.form.isHTTP11 {
      pen.put("Transfer-Encoding: chunked\r\n")
    }
    pen.put("Content-Type: ")
    pen.put(reply.contentType.name(in: reply.form.dialect))
    pen.put("\r\n")
  }

  private func putFields(_ reply: Reply, with pen: inout Pen) {
    if let tag = reply.tag, reply.form.dialect == .standard {
      put(tag, with: &pen)
    }
    if let connection = reply.form.connection { pen.put(connection) }
    switch reply.assurance {
    case .linearizable: break
    case .degraded(let age): putField("KV-Consistency: degraded\r\nAge: ", UInt64(age), with: &pen)
    case .local(let age): putField("KV-Consistency: local\r\nAge: ", UInt64(age), with: &pen)
    }
    if reply.isReplayed { pen.put("KV-Replayed: ?1\r\n") }
    if let floor = reply.floor { putField("KV-Time: ", floor, with: &pen) }
    if let seconds = reply.retryAfter { putField("Retry-After: ", UInt64(seconds), with: &pen) }
    if let allow = reply.allow {
      pen.put("Allow: ")
      pen.put(allow.names)
      pen.put("\r\n")
    }
  }

  private func put(_ tag: EntityTag, with pen: inout Pen) {
    if tag.lineage == tagLineage {
      pen.put(tagStart)
    } else {
      pen.put("ETag: \"")
      pen.putDecimal(tag.lineage)
      pen.put("-")
    }
    pen.putDecimal(tag.number)
    pen.put("\"\r\n")
  }

  private func putField(_ name: StaticString, _ value: UInt64, with pen: inout Pen) {
    pen.put(name)
    pen.putDecimal(value)
    pen.put("\r\n")
  }
}

extension Reply {
  var hasNoBody: Bool { form.isHead || status.isBodiless }

  /// Anything beside what every reply has.
  fileprivate var needsFields: Bool {
    tag != nil || form.connection != nil || isReplayed || floor != nil || retryAfter != nil || allow != nil
      || assurance.isLabelled
  }
}

extension ReplyForm {
  /// Said where the connection's future is not what the version makes it by itself. A classic reply that closes
  /// says nothing: it is what its clients expect.
  fileprivate var connection: StaticString? {
    switch (dialect, isHTTP11, keepsAlive) {
    case (.standard, true, true): nil
    case (.classic, _, false): nil
    case (.standard, false, true), (.classic, _, true): "Connection: keep-alive\r\n"
    case (.standard, _, false): "Connection: close\r\n"
    }
  }
}
