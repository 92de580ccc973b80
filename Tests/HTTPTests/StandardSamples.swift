/// The standard dialect, rule by rule.
enum StandardSamples {
  static let all = targets + methods + connections + fields + bodies + chunks + smuggling + limits

  static let targets = [
    Sample("read", get("/color"), "S1.1+ get read <color>"),
    Sample("write", get("/color=blue"), "S1.1+ get write <color> <blue>"),
    Sample("brackets", get("/[color]=[red]"), "S1.1+[] get write <color> <red>"),
    Sample("brackets on one side", get("/[color]=red"), "S1.1+ 400"),
    Sample("brackets in percent", get("/%5Bcolor%5D"), "S1.1+ 400"),
    Sample("brackets around percent", get("/[a%20b]"), "S1.1+[] get read <a b>"),
    Sample("percent", get("/a%20b=%c3%BC"), "S1.1+ get write <a b> <ü>"),
    Sample("equals sign in a key by percent", get("/a%3Db=c"), "S1.1+ 400"),
    Sample("equals sign in a value", get("/a=b=c%3d"), "S1.1+ get write <a> <b=c=>"),
    Sample("percent cut", get("/a%2"), "S1.1+ 400"),
    Sample("percent wrong", get("/a%zz"), "S1.1+ 400"),
    Sample("percent wrong in the value", get("/a=%"), "S1.1+ 400"),
    Sample("percent to no UTF-8", get("/a=%ff"), "S1.1+ 400"),
    Sample("percent to a control", get("/a=%00"), "S1.1+ 400"),
    Sample("percent to C1", get("/a=%c2%85"), "S1.1+ 400"),
    Sample("overlong", get("/%c0%af"), "S1.1+ 400"),
    Sample("surrogate", get("/%ed%a0%80"), "S1.1+ 400"),
    Sample("plane 16", get("/%f4%8f%bf%bf"), "S1.1+ get read <\u{10ffff}>"),
    Sample("beyond plane 16", get("/%f4%90%80%80"), "S1.1+ 400"),
    Sample("raw UTF-8", get("/grün"), "S1.1+ get read <grün>"),
    Sample("question mark", get("/a?b=c"), "S1.1+ get write <a?b> <c>"),
    Sample("two slashes", get("//a/b"), "S1.1+ get read </a/b>"),
    Sample(
      "usage", get("/"),
      "S1.1+ 400 usage: GET /key reads, GET /key=value or PUT /key writes, DELETE /key removes"),
    Sample("absolute", get("http://h:1/color=a"), "S1.1+ get write <color> <a>"),
    Sample("absolute, capitals, slash", get("HTTP://h//color"), "S1.1+ get read </color>"),
    Sample("absolute without path", get("http://h"), "S1.1+ 400"),
    Sample("absolute admin", get("http://h/-/ready"), "S1.1+ get admin /-/ready"),
    Sample("admin", get("/-/status"), "S1.1+ get admin /-/status"),
    Sample("admin key by percent", get("/-%2Fstatus"), "S1.1+ get read <-/status>"),
    Sample("no slash is classic", "GET color HTTP/1.1\r\nHost: x\r\n\r\n", "C1.0- get read <color>"),
    Sample("bare line is classic", "GET /color HTTP/1.1\nHost: x\r\n\r\n", "C1.0- get read <color>"),
    Sample("space in the target", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", "S1.1- 400"),
    Sample("CR in the target", "GET /a\rb HTTP/1.1\r\nHost: x\r\n\r\n", "S1.1- 400"),
    Sample("no version", "GET /color\r\n\r\n", "S1.1- 400"),
    Sample("version cut", "GET /color HTTP/1\r\nHost: x\r\n\r\n", "S1.1- 400"),
    Sample("version 1.2", "GET /a HTTP/1.2\r\nHost: x\r\n\r\n", "S1.1+ get read <a>"),
    Sample("version 2", "GET /a HTTP/2.0\r\nHost: x\r\n\r\n", "S1.1- 505"),
    Sample("version 0.9", "GET /a HTTP/0.9\r\nHost: x\r\n\r\n", "S1.1- 505"),
  ]

  static let methods = [
    Sample("HEAD", request("HEAD /a"), "S1.1+ head read <a>"),
    Sample("HEAD of a write", request("HEAD /a=b"), "S1.1+ 405"),
    Sample("DELETE", request("DELETE /a"), "S1.1+ delete remove <a>"),
    Sample("DELETE with equals sign", request("DELETE /a=b"), "S1.1+ 400"),
    Sample("PUT", request("PUT /a", "Content-Length: 2") + "vw", "S1.1+ put write <a> <vw>"),
    Sample("PUT empty", request("PUT /a", "Content-Length: 0"), "S1.1+ put write <a> <>"),
    Sample("PUT with equals sign", request("PUT /a=b", "Content-Length: 1") + "c", "S1.1+ 400"),
    Sample("PUT without length", request("PUT /a"), "S1.1+ 411"),
    Sample("PUT brackets", request("PUT /[a]", "Content-Length: 3") + "[v]", "S1.1+[] put write <a> <v>"),
    Sample("PUT brackets in the body", request("PUT /a", "Content-Length: 3") + "[v]", "S1.1+ 400"),
    Sample("PUT brackets in the target", request("PUT /[a]", "Content-Length: 1") + "v", "S1.1+ 400"),
    Sample(
      "PUT literal percent", request("PUT /a%20b", "Content-Length: 3") + "%41", "S1.1+ put write <a b> <%41>"
    ),
    Sample("PUT a newline", request("PUT /a", "Content-Length: 2") + "v\n", "S1.1+ 400"),
    Sample("PUT no key", request("PUT /", "Content-Length: 1") + "v", "S1.1+ 400"),
    Sample(
      "POST", request("POST /a", "Content-Length: 1") + "v" + get("/b"), "S1.1+ 405", "S1.1+ get read <b>"),
    Sample("PATCH", request("PATCH /a"), "S1.1+ 405"),
    Sample("unknown", request("BREW /a"), "S1.1+ 501"),
    Sample("TRACE", request("TRACE /a"), "S1.1+ 501"),
    Sample("lower case", request("get /a"), "S1.1+ 501"),
    Sample("OPTIONS *", request("OPTIONS *"), "S1.1+ options options"),
    Sample("OPTIONS of a key", request("OPTIONS /a"), "S1.1+ options options"),
    Sample("GET *", request("GET *"), "C1.0- get read <*>"),
    Sample("POST admin", request("POST /-/recover"), "S1.1+ post admin /-/recover"),
    Sample("PUT admin", request("PUT /-/recover", "Content-Length: 0"), "S1.1+ 405"),
    Sample(
      "peer", request("GET /-/peer", "Connection: upgrade", "Upgrade: quorate/1"),
      "S1.1+ get upgrade /-/peer"),
    Sample(
      "peer among others", request("GET /-/peer", "upgrade: h2c, Quorate/1"), "S1.1+ get upgrade /-/peer"),
    Sample("peer without upgrade", request("GET /-/peer"), "S1.1+ 426"),
    Sample("peer by POST", request("POST /-/peer", "Upgrade: quorate/1"), "S1.1+ 426"),
  ]

  static let connections = [
    Sample(
      "pipelined", get("/a") + get("/b=c") + get("/d"),
      "S1.1+ get read <a>", "S1.1+ get write <b> <c>", "S1.1+ get read <d>"),
    Sample(
      "pipelined with percent", get("/a%20") + get("/b%20=%20") + get("/d") + get("/%65"),
      "S1.1+ get read <a >", "S1.1+ get write <b > < >", "S1.1+ get read <d>", "S1.1+ get read <e>"),
    Sample(
      "pipelined with bodies",
      request("PUT /a", "Content-Length: 3") + "abc" + request("PUT /b", "Transfer-Encoding: chunked")
        + "1\r\nx\r\n0\r\n\r\n" + get("/c"),
      "S1.1+ put write <a> <abc>", "S1.1+ put write <b> <x>", "S1.1+ get read <c>"),
    Sample("closed", request("GET /a", "Connection: close") + get("/b"), "S1.1- get read <a>"),
    Sample("closed among others", request("GET /a", "Connection: x, Close"), "S1.1- get read <a>"),
    Sample("1.0", "GET /a HTTP/1.0\r\n\r\nGET /b HTTP/1.0\r\n\r\n", "S1.0- get read <a>"),
    Sample(
      "1.0 kept", "GET /a HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\nGET /b HTTP/1.0\r\n\r\n",
      "S1.0+ get read <a>", "S1.0- get read <b>"),
    Sample("1.0 PUT", "PUT /a HTTP/1.0\r\nContent-Length: 1\r\n\r\nv", "S1.0- put write <a> <v>"),
    Sample("1.0 chunked", "PUT /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "S1.0- 400"),
    Sample("1.0 waits for its blank line", "GET /a HTTP/1.0\r\n", end: .silence),
    Sample(
      "empty lines between", get("/a") + "\r\n\r\n" + get("/b"), "S1.1+ get read <a>", "S1.1+ get read <b>"),
    Sample("classic after standard", get("/a") + "GET b\n\n", "S1.1+ get read <a>", "C1.0- get read <b>"),
    Sample("cut in the head", "GET /a HTTP/1.1\r\nHost: x\r\n", end: .ofInput, "S1.1- 400"),
    Sample("silent in the head", "GET /a HTTP/1.1\r\nHost: x\r\n", end: .silence),
    Sample("cut in the body", request("PUT /a", "Content-Length: 3") + "ab", end: .ofInput, "S1.1- 400"),
    Sample("silent in the body", request("PUT /a", "Content-Length: 3") + "ab", end: .silence),
    Sample(
      "cut in a chunk", request("PUT /a", "Transfer-Encoding: chunked") + "5\r\nab", end: .ofInput,
      "S1.1- 400"),
    Sample("end between requests", get("/a"), end: .ofInput, "S1.1+ get read <a>"),
  ]

  static let fields = [
    Sample(
      "idempotency", request("GET /a=b", "Idempotency-Key: 12-ab"), "S1.1+ get write <a> <b> once:12-ab"),
    Sample(
      "idempotency quoted", request("GET /a=b", "idempotency-key:  \"12-ab\" "),
      "S1.1+ get write <a> <b> once:12-ab"),
    Sample(
      "idempotency of 64", request("GET /a", "Idempotency-Key: " + String(repeating: "k", count: 64)),
      "S1.1+ get read <a> once:" + String(repeating: "k", count: 64)),
    Sample(
      "idempotency of 65", request("GET /a", "Idempotency-Key: " + String(repeating: "k", count: 65)),
      "S1.1+ 400"),
    Sample("idempotency empty", request("GET /a", "Idempotency-Key:"), "S1.1+ 400"),
    Sample("idempotency empty quotes", request("GET /a", "Idempotency-Key: \"\""), "S1.1+ 400"),
    Sample("idempotency half quoted", request("GET /a", "Idempotency-Key: \"a"), "S1.1+ 400"),
    Sample("idempotency escaped", request("GET /a", "Idempotency-Key: \"a\\\"b\""), "S1.1+ 400"),
    // The server's own idempotency keys begin with a NUL.
    Sample("idempotency with NUL", request("GET /a=b", "Idempotency-Key: \u{0}a"), "S1.1- 400"),
    Sample("idempotency with a quoted NUL", request("GET /a=b", "Idempotency-Key: \"\u{0}a\""), "S1.1- 400"),
    Sample("idempotency with DEL", request("GET /a=b", "Idempotency-Key: a\u{7f}"), "S1.1- 400"),
    Sample("idempotency twice", request("GET /a", "Idempotency-Key: a", "Idempotency-Key: b"), "S1.1+ 400"),
    Sample("demand", request("GET /a", "KV-Consistency: Linearizable"), "S1.1+ get read <a> linearizable"),
    Sample("demand unknown", request("GET /a", "KV-Consistency: strong"), "S1.1+ 400"),
    Sample("demand twice", request("GET /a", "KV-Consistency: local", "KV-Consistency: local"), "S1.1+ 400"),
    Sample("if any", request("GET /a=b", "If-Match: *"), "S1.1+ get write <a> <b> if:*"),
    Sample("unless any", request("GET /a=b", "If-None-Match: *"), "S1.1+ get write <a> <b> unless:*"),
    Sample(
      "if listed", request("GET /a=b", "If-Match: \"1-2\", W/\"3-4\" ,, \"x,y\""),
      "S1.1+ get write <a> <b> if:1-2,W/3-4,?"),
    Sample(
      "if in two lines", request("GET /a", "If-None-Match: \"1-2\"", "Accept: *", "if-none-match:\"3-4\""),
      "S1.1+ get read <a> unless:1-2,3-4"),
    Sample(
      "both conditions", request("GET /a=b", "If-Match: \"1-2\"", "If-None-Match: \"1-3\""),
      "S1.1+ get write <a> <b> if:1-2 unless:1-3"),
    Sample(
      "if, not canonical",
      request("GET /a", "If-Match: \"01-2\", \"1-\", \"-2\", \"1-18446744073709551616\""),
      "S1.1+ get read <a> if:?,?,?,?"),
    Sample("if without quotes", request("GET /a=b", "If-Match: 1-2"), "S1.1+ 400"),
    Sample("if with an open quote", request("GET /a=b", "If-Match: \"1-2"), "S1.1+ 400"),
    Sample("if without comma", request("GET /a=b", "If-Match: \"1-2\" \"1-3\""), "S1.1+ 400"),
    Sample("if empty", request("GET /a=b", "If-Match:"), "S1.1+ 400"),
    Sample("if any and more", request("GET /a=b", "If-Match: *", "If-Match: \"1-2\""), "S1.1+ 400"),
    Sample("if more and any", request("GET /a=b", "If-Match: \"1-2\"", "If-Match: *"), "S1.1+ 400"),
    Sample(
      "no space after the colon", "GET /a HTTP/1.1\r\nHost:x\r\nConnection:close\r\n\r\n",
      "S1.1- get read <a>"),
    Sample("tab in a value", request("GET /a", "X: a\tb\t"), "S1.1+ get read <a>"),
    Sample("bytes beyond ASCII in a value", request("GET /a", "X: äöü"), "S1.1+ get read <a>"),
    Sample("Host empty", "GET /a HTTP/1.1\r\nHost:\r\n\r\n", "S1.1+ get read <a>"),
  ]

  static func get(_ target: String) -> String { request("GET \(target)") }

  static func request(_ start: String, _ fields: String...) -> String {
    "\(start) HTTP/1.1\r\nHost: x\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
  }
}
