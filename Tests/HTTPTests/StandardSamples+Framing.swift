/// Bodies, limits, and what smuggling uses.
extension StandardSamples {
  static let bodies = [
    Sample(
      "GET with a body", request("GET /a", "Content-Length: 3") + "xyz" + get("/b"),
      "S1.1+ get read <a>", "S1.1+ get read <b>"),
    Sample(
      "GET with chunks",
      request("GET /a", "Transfer-Encoding: chunked") + "3\r\nxyz\r\n0\r\n\r\n" + get("/b"),
      "S1.1+ get read <a>", "S1.1+ get read <b>"),
    Sample(
      "GET refused, with a body", request("GET /[", "Content-Length: 3") + "xyz" + get("/b"),
      "S1.1+ 400", "S1.1+ get read <b>"),
    Sample(
      "body of 8 KiB", request("PUT /a", "Content-Length: 8192") + String(repeating: "𝄞", count: 2048),
      "S1.1+ put write <a> <\(Transcript.text(of: String(repeating: "𝄞", count: 2048)))>"),
    Sample("body over 8 KiB", request("PUT /a", "Content-Length: 8193"), "S1.1- 413"),
    Sample("GET with a body over 8 KiB", request("GET /a", "Content-Length: 8193"), "S1.1- 413"),
    Sample("body beyond integers", request("PUT /a", "Content-Length: 99999999999999999999999"), "S1.1- 413"),
    Sample(
      "value over 2048", request("PUT /a", "Content-Length: 2049") + String(repeating: "v", count: 2049),
      "S1.1+ 400"),
    Sample("leading zeros", request("PUT /a", "Content-Length: 0001") + "v", "S1.1+ put write <a> <v>"),
    Sample(
      "expects", request("PUT /a", "Content-Length: 1", "Expect: 100-Continue") + "v" + get("/b"),
      "continue", "S1.1+ put write <a> <v>", "S1.1+ get read <b>"),
    Sample(
      "expects with chunks",
      request("PUT /a", "Transfer-Encoding: chunked", "Expect: 100-continue")
        + "1\r\nv\r\n0\r\n\r\n", "continue", "S1.1+ put write <a> <v>"),
    Sample("expects without body", request("GET /a", "Expect: 100-continue"), "S1.1+ get read <a>"),
    Sample(
      "expects with an empty body", request("PUT /a", "Content-Length: 0", "Expect: 100-continue"),
      "S1.1+ put write <a> <>"),
    Sample(
      "expects, but refused", request("POST /a", "Content-Length: 1", "Expect: 100-continue") + "v",
      "S1.1- 405"),
    Sample(
      "expects, but too much", request("PUT /a", "Content-Length: 9999", "Expect: 100-continue"), "S1.1- 413"),
    Sample(
      "expects otherwise", request("PUT /a", "Content-Length: 1", "Expect: x") + "v",
      "S1.1+ put write <a> <v>"),
    Sample(
      "1.0 cannot expect",
      "PUT /a HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\nv", "S1.0- put write <a> <v>"),
  ]

  static let chunks = [
    Sample("chunks", chunked("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), "S1.1+ put write <a> <abcde>"),
    Sample("no chunks", chunked("0\r\n\r\n"), "S1.1+ put write <a> <>"),
    Sample(
      "chunk sizes", chunked("a\r\n0123456789\r\n00B\r\n0123456789a\r\n000\r\n\r\n"),
      "S1.1+ put write <a> <01234567890123456789a>"),
    Sample(
      "chunk extensions", chunked("1;x=y\r\na\r\n1 ; x=\"y\"\r\nb\r\n0;z\r\n\r\n"), "S1.1+ put write <a> <ab>"
    ),
    Sample(
      "trailers", chunked("1\r\na\r\n0\r\nContent-Length: 5\r\nX: y\r\n\r\n") + get("/b"),
      "S1.1+ put write <a> <a>", "S1.1+ get read <b>"),
    Sample("bad trailer", chunked("0\r\nX y\r\n\r\n"), "S1.1- 400"),
    Sample("folded trailer", chunked("0\r\nX: y\r\n z\r\n\r\n"), "S1.1- 400"),
    Sample("bare trailer", chunked("0\r\nX: y\n\r\n"), "S1.1- 400"),
    Sample("size missing", chunked("\r\n"), "S1.1- 400"),
    Sample("size not hexadecimal", chunked("g\r\n"), "S1.1- 400"),
    Sample("size with a prefix", chunked("0x1\r\n"), "S1.1- 400"),
    Sample("size with a sign", chunked("+1\r\n"), "S1.1- 400"),
    Sample("size after a space", chunked(" 1\r\n"), "S1.1- 400"),
    Sample("size before a space", chunked("1 \r\n"), "S1.1- 400"),
    Sample("size before a bare line feed", chunked("1\na\r\n0\r\n\r\n"), "S1.1- 400"),
    Sample("size before a bare CR", chunked("1;\ra\r\n0\r\n\r\n"), "S1.1- 400"),
    Sample("size beyond integers", chunked("ffffffffffffffffffff\r\n"), "S1.1- 413"),
    Sample("chunk too long for its size", chunked("1\r\nab\r\n0\r\n\r\n"), "S1.1- 400"),
    Sample("chunk ends bare", chunked("1\r\na\n0\r\n\r\n"), "S1.1- 400"),
    Sample(
      "chunks of 8 KiB",
      chunked(
        "1000\r\n\(String(repeating: "𝄞", count: 1024))\r\n"
          + "1000\r\n\(String(repeating: "𝄞", count: 1024))\r\n0\r\n\r\n"),
      "S1.1+ put write <a> <\(Transcript.text(of: String(repeating: "𝄞", count: 2048)))>"),
    Sample(
      "chunks over 8 KiB", chunked("2000\r\n\(String(repeating: "v", count: 8192))\r\n1\r\n"), "S1.1- 413"),
    Sample(
      "chunk line of 256", chunked("0;\(String(repeating: "x", count: 254))\r\n\r\n"),
      "S1.1+ put write <a> <>"),
    Sample("chunk line of 257", chunked("0;\(String(repeating: "x", count: 255))\r\n\r\n"), "S1.1- 400"),
    Sample("endless chunk line", chunked("0;\(String(repeating: "x", count: 300))"), "S1.1- 400"),
    Sample("endless trailer", chunked("0\r\nX: \(String(repeating: "x", count: 41000))"), "S1.1- 431"),
    Sample(
      "trailers over the limit", chunked("0\r\n" + String(repeating: "h: x\r\n", count: 7000) + "\r\n"),
      "S1.1- 431"),
  ]

  static let smuggling = [
    Sample("length twice", request("PUT /a", "Content-Length: 1", "Content-Length: 2") + "vw", "S1.1- 400"),
    Sample(
      "length twice alike", request("PUT /a", "Content-Length: 1", "Content-Length: 1") + "v", "S1.1- 400"),
    Sample("length listed", request("PUT /a", "Content-Length: 1, 1") + "v", "S1.1- 400"),
    Sample("length with a sign", request("PUT /a", "Content-Length: +1") + "v", "S1.1- 400"),
    Sample("length hexadecimal", request("PUT /a", "Content-Length: 0x1") + "v", "S1.1- 400"),
    Sample("length empty", request("PUT /a", "Content-Length:") + "v", "S1.1- 400"),
    Sample("length negative", request("GET /a", "Content-Length: -1"), "S1.1- 400"),
    Sample(
      "length and chunks",
      request("PUT /a", "Content-Length: 1", "Transfer-Encoding: chunked")
        + "0\r\n\r\n", "S1.1- 400"),
    Sample(
      "chunks and length",
      request("PUT /a", "Transfer-Encoding: chunked", "Content-Length: 1")
        + "0\r\n\r\n", "S1.1- 400"),
    Sample(
      "coding twice", request("PUT /a", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
      "S1.1- 400"),
    Sample("coding listed", request("PUT /a", "Transfer-Encoding: gzip, chunked"), "S1.1- 501"),
    Sample("coding unknown", request("PUT /a", "Transfer-Encoding: xchunked"), "S1.1- 501"),
    Sample("coding empty", request("PUT /a", "Transfer-Encoding:"), "S1.1- 501"),
    Sample(
      "coding in capitals", request("PUT /a", "Transfer-Encoding: Chunked") + "0\r\n\r\n",
      "S1.1+ put write <a> <>"),
    Sample("folded", request("GET /a", "X: y", " z"), "S1.1- 400"),
    Sample("folded by a tab", request("GET /a", "X: y", "\tz"), "S1.1- 400"),
    Sample("folded at once", "GET /a HTTP/1.1\r\n X: y\r\nHost: x\r\n\r\n", "S1.1- 400"),
    Sample("space before the colon", request("GET /a", "Content-Length : 5"), "S1.1- 400"),
    Sample("space before the colon of Host", "GET /a HTTP/1.1\r\nHost : x\r\n\r\n", "S1.1- 400"),
    Sample("tab before the colon", request("GET /a", "X\t: 5"), "S1.1- 400"),
    Sample("no colon", request("GET /a", "nonsense"), "S1.1- 400"),
    Sample("no name", request("GET /a", ": x"), "S1.1- 400"),
    Sample("odd name", request("GET /a", "a(b): x"), "S1.1- 400"),
    Sample("name beyond ASCII", request("GET /a", "ä: x"), "S1.1- 400"),
    Sample("bare CR in a value", request("GET /a", "X: a\rContent-Length: 5"), "S1.1- 400"),
    Sample("two CR", "GET /a HTTP/1.1\r\nHost: x\r\r\n\r\n", "S1.1- 400"),
    Sample("NUL in a value", request("GET /a", "X: a\0b"), "S1.1- 400"),
    Sample("DEL in a long value", request("GET /a", "X: aaaaaaaaaaaaaaaaaaaaaaa\u{7f}b"), "S1.1- 400"),
    Sample(
      "bare line feed in the head", "GET /a HTTP/1.1\r\nHost: x\nContent-Length: 0\r\n\r\n", "S1.1- 400"),
    Sample(
      "blank line by a bare line feed", "GET /a HTTP/1.1\r\nHost: x\r\n\n" + get("/b"),
      "S1.1+ get read <a>", "S1.1+ get read <b>"),
    Sample("Host twice", request("GET /a", "Host: y"), "S1.1- 400"),
    Sample("CR before the request", "\rGET /a HTTP/1.1\r\nHost: x\r\n\r\n", "S1.1- 400"),
  ]

  static let limits = [
    Sample("target of 32 KiB", get("/" + String(repeating: "t", count: 32767)), "S1.1+ 400"),
    Sample("target over 32 KiB", get("/" + String(repeating: "t", count: 32768)), "S1.1- 414"),
    Sample("target over 32 KiB without end", "GET /" + String(repeating: "t", count: 33000), "S1.1- 414"),
    Sample(
      "target of 32 KiB in percent", get("/a=" + String(repeating: "%41", count: 2048)),
      "S1.1+ get write <a> <\(Transcript.text(of: String(repeating: "A", count: 2048)))>"),
    Sample("head over 40 KiB", request("GET /a", "X: " + String(repeating: "x", count: 41000)), "S1.1- 431"),
    Sample(
      "target and head over",
      request(
        "GET /" + String(repeating: "t", count: 33000),
        "X: " + String(repeating: "x", count: 41000)), "S1.1- 414"),
  ]

  private static func chunked(_ body: String) -> String {
    request("PUT /a", "Transfer-Encoding: chunked") + body
  }
}
