/// Replies as a client may get them.
enum ResponseSamples {
  static let all = [
    Sample("value", reply("Content-Length: 10") + "color=blue", "200 + <color=blue>"),
    Sample(
      "pipelined",
      reply("Content-Length: 1") + "a" + reply("Content-Length: 0") + reply("content-length:1") + "b",
      "200 + <a>", "200 + <>", "200 + <b>"),
    Sample(
      "all fields",
      reply(
        "ETag: \"7-42\"", "KV-Present: ?0", "KV-Consistency: degraded", "Age: 3", "KV-Replayed: ?1",
        "KV-Time: 123",
        "Retry-After: 2", "Connection: close", "Content-Length: 5") + "a=NIL",
      "200 - <a=NIL> absent 7-42 degraded(age: 3) replayed floor:123 retry:2"),
    Sample("local", reply("Age: 9", "KV-Consistency: local", "Content-Length: 0"), "200 + <> local(age: 9)"),
    Sample(
      "unknown label", reply("KV-Consistency: perhaps", "Content-Length: 0"), "200 + <> degraded(age: 0)"),
    Sample(
      "age beyond bounds", reply("KV-Consistency: local", "Age: 99999999999", "Content-Length: 0"),
      "200 + <> local(age: 4294967295)"),
    Sample("strange tag", reply("ETag: \"abc\"", "Content-Length: 0"), "200 + <>"),
    Sample(
      "classic", "HTTP/1.0 200 OK\r\nServer: s\r\nContent-Length: 3\r\nContent-Type: text/plain\r\n\r\na=b",
      "200 - <a=b>"),
    Sample(
      "classic kept", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\na=b",
      "200 + <a=b>"),
    Sample("until the end", "HTTP/1.0 200 OK\r\n\r\na=b\r\nc", "200 - <a=b\r\nc>"),
    Sample("until the end, nothing", "HTTP/1.1 200 OK\r\n\r\n", "200 - <>"),
    Sample(
      "chunked",
      reply("Transfer-Encoding: chunked") + "3\r\na=b\r\n1\r\nc\r\n0\r\nX: y\r\n\r\n"
        + reply("Content-Length: 1") + "d", "200 + <a=bc>", "200 + <d>"),
    Sample("bad chunk", reply("Transfer-Encoding: chunked") + "x\r\n", "malformed: a bad chunk size"),
    Sample(
      "continue, then the reply", "HTTP/1.1 100 Continue\r\n\r\n" + reply("Content-Length: 1") + "a",
      "200 + <a>"),
    Sample(
      "switching", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: quorate/1\r\n\r\n\u{1}\u{2}", "101 + <>"),
    Sample(
      "no content", "HTTP/1.1 204 No Content\r\nAllow: GET\r\n\r\n" + reply("Content-Length: 1") + "a",
      "204 + <>", "200 + <a>"),
    Sample("not modified", "HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n", "304 + <>"),
    Sample("no phrase", "HTTP/1.1 503\r\nContent-Length: 0\r\n\r\n", "503 + <>"),
    Sample("nothing"),
    Sample("cut in the head", "HTTP/1.1 200 OK\r\nContent", "malformed: the reply was cut short"),
    Sample("cut in the body", reply("Content-Length: 3") + "ab", "malformed: the reply was cut short"),
    Sample(
      "cut in a chunk", reply("Transfer-Encoding: chunked") + "3\r\nab", "malformed: the reply was cut short"),
    Sample("no HTTP", "SSH-2.0-x\r\n\r\n", "malformed: the reply does not begin as HTTP"),
    Sample("HTTP/2", "HTTP/2.0 200 OK\r\n\r\n", "malformed: the reply does not begin as HTTP"),
    Sample("bad code", "HTTP/1.1 20 OK\r\n\r\n", "malformed: the reply does not begin as HTTP"),
    Sample(
      "length twice", reply("Content-Length: 1", "Content-Length: 1") + "a", "malformed: a bad Content-Length"
    ),
    Sample("length negative", reply("Content-Length: -1"), "malformed: a bad Content-Length"),
    Sample("length too great", reply("Content-Length: 268435457"), "malformed: a bad Content-Length"),
    Sample("unknown coding", reply("Transfer-Encoding: gzip"), "malformed: an unknown Transfer-Encoding"),
    Sample("folded", reply("X: y", " z"), "malformed: a folded header line"),
    Sample(
      "head over 40 KiB", "HTTP/1.1 200 OK\r\n" + String(repeating: "h: x\r\n", count: 7000) + "\r\n",
      "malformed: the reply's head has more than 40 KiB"),
  ]

  static func reply(_ fields: String...) -> String {
    "HTTP/1.1 200 OK\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
  }
}

extension Sample {
  init(_ name: String) {
    self.init(name, "")
  }
}
