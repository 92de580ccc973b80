import Bytes

/// Status line and fields, without the empty line.
extension ReplyWriter {
  func putHead(_ reply: Reply, bodyLength: Int, into output: inout [UInt8]) {
    let isPlain = reply.status == .ok && reply.contentType == .text && !reply.isStreamed
    switch reply.form.dialect {
    case .standard where isPlain && reply.form.isHTTP11:
      output.put(standardStart)
      output.putDecimal(UInt64(bodyLength))
      output.put("\r\n")
    case .classic where isPlain:
      output.put(classicStart)
      output.putDecimal(UInt64(bodyLength))
      output.put("\r\nContent-Type: text/plain\r\n")
    case .standard, .classic:
      putGeneralStart(reply, bodyLength: bodyLength, into: &output)
    }
    if reply.status == .upgradeRequired { output.put("Upgrade: quorate/1\r\nConnection: upgrade\r\n") }
    if reply.needsFields { putFields(reply, into: &output) }
  }

  private func putGeneralStart(_ reply: Reply, bodyLength: Int, into output: inout [UInt8]) {
    output.put(reply.form.isHTTP11 ? "HTTP/1.1 " : "HTTP/1.0 ")
    output.put(reply.status.codeAndPhrase)
    output.put("\r\n")
    output.put(reply.form.dialect == .standard ? commonFields : serverField)
    if reply.status.isBodiless { return }
    if !reply.isStreamed {
      output.put("Content-Length: ")
      output.putDecimal(UInt64(bodyLength))
      output.put("\r\n")
    } else if reply.form.isHTTP11 {
      output.put("Transfer-Encoding: chunked\r\n")
    }
    output.put("Content-Type: ")
    output.put(reply.contentType.name(in: reply.form.dialect))
    output.put("\r\n")
  }

  private func putFields(_ reply: Reply, into output: inout [UInt8]) {
    if let tag = reply.tag, reply.form.dialect == .standard {
      output.put("ETag: ")
      output.put(tag)
      output.put("\r\n")
    }
    if let connection = reply.form.connection { output.put(connection) }
    switch reply.assurance {
    case .linearizable: break
    case .degraded(let age): putField("KV-Consistency: degraded\r\nAge: ", UInt64(age), into: &output)
    case .local(let age): putField("KV-Consistency: local\r\nAge: ", UInt64(age), into: &output)
    }
    if reply.isReplayed { output.put("KV-Replayed: ?1\r\n") }
    if let floor = reply.floor { putField("KV-Time: ", floor, into: &output) }
    if let seconds = reply.retryAfter { putField("Retry-After: ", UInt64(seconds), into: &output) }
    if let allow = reply.allow {
      output.put("Allow: ")
      output.put(allow.names)
      output.put("\r\n")
    }
  }

  private func putField(_ name: StaticString, _ value: UInt64, into output: inout [UInt8]) {
    output.put(name)
    output.putDecimal(value)
    output.put("\r\n")
  }
}

extension Reply {
  var hasNoBody: Bool { form.isHead || status.isBodiless }

  /// Anything beside what every reply has.
  fileprivate var needsFields: Bool {
    tag != nil || form.connection != nil || assurance != .linearizable || isReplayed || floor != nil
      || retryAfter != nil || allow != nil
  }
}

extension ReplyForm {
  /// Said where the connection's future is not what the version makes it by itself. A classic reply that closes says nothing: it is what its clients expect.
  fileprivate var connection: StaticString? {
    switch (dialect, isHTTP11, keepsAlive) {
    case (.standard, true, true): nil
    case (.classic, _, false): nil
    case (.standard, false, true), (.classic, _, true): "Connection: keep-alive\r\n"
    case (.standard, _, false): "Connection: close\r\n"
    }
  }
}
