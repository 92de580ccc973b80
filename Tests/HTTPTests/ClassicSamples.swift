/// The classic dialect, rule by rule.
enum ClassicSamples {
  static let all = lines + ends + texts + fields + limits

  static let lines = [
    Sample("read", "GET color HTTP/1.1\r\n\r\n", "C1.0- get read <color>"),
    Sample("write", "GET color=blue HTTP/1.1\nhost: x\n\r\n", "C1.0- get write <color> <blue>"),
    Sample("brackets", "GET [color]=[red] HTTP/1.1\n\n", "C1.0-[] get write <color> <red>"),
    Sample("brackets read", "GET [color] HTTP/1.1\n\n", "C1.0-[] get read <color>"),
    Sample("brackets left only", "GET [color]=red HTTP/1.1\n\n", "C1.0- 400"),
    Sample("brackets right only", "GET color=[red] HTTP/1.1\n\n", "C1.0- 400"),
    Sample("brackets around all", "GET [color=red] HTTP/1.1\n\n", "C1.0- 400"),
    Sample("brackets halved", "GET [color HTTP/1.1\n\n", "C1.0- 400"),
    Sample("brackets around nothing", "GET []=[] HTTP/1.1\n\n", "C1.0-[] 400"),
    Sample("brackets around empty value", "GET [k]=[] HTTP/1.1\n\n", "C1.0-[] get write <k> <>"),
    Sample("empty value", "GET k= HTTP/1.1\n\n", "C1.0- get write <k> <>"),
    Sample("no key", "GET =v HTTP/1.1\n\n", "C1.0- 400 the key is empty"),
    Sample(
      "nothing asked", "GET  HTTP/1.1\n\n",
      "C1.0- 400 usage: "
        + "GET /key reads, GET /key=value or PUT /key writes, DELETE /key removes"),
    Sample("no version", "GET color\n\n", "C1.0- get read <color>"),
    Sample("no version, CRLF", "GET color\r\n\r\n", "C1.0- get read <color>"),
    Sample("a later version", "GET color HTTP/2.0\n\n", "C1.0- get read <color>"),
    Sample("a strange version", "GET color HTTP/\n\n", "C1.0- get read <color>"),
    Sample("last HTTP/ counts", "GET a HTTP/1.1 HTTP/1.1\n\n", "C1.0- get read <a HTTP/1.1>"),
    Sample("version in lower case", "GET a http/1.1\n\n", "C1.0- get read <a http/1.1>"),
    Sample("PUT", "PUT color HTTP/1.1\n\n", "C1.0- 405"),
    Sample("get in lower case", "get color\n\n", "C1.0- 405"),
    Sample("garbage", "\u{1}\u{2}\n\n", "C1.0- 405"),
  ]

  static let texts = [
    Sample("spaces", "GET my key=a b  c HTTP/1.1\n\n", "C1.0- get write <my key> <a b  c>"),
    Sample("space at both ends", "GET  a  HTTP/1.1\n\n", "C1.0- get read < a >"),
    Sample("percent is literal", "GET a%20b=100% HTTP/1.1\n\n", "C1.0- get write <a%20b> <100%>"),
    Sample("first equals sign", "GET a=b=c HTTP/1.1\n\n", "C1.0- get write <a> <b=c>"),
    Sample("slash dropped", "GET /a HTTP/1.1\n\n", "C1.0- get read <a>"),
    Sample("one slash dropped", "GET //a HTTP/1.1\n\n", "C1.0- get read </a>"),
    Sample("slash decodes", "GET /a%20b=%31%30%30%25 HTTP/1.1\n\n", "C1.0- get write <a b> <100%>"),
    Sample("slash, bad percent", "GET /a%2 HTTP/1.1\n\n", "C1.0- 400"),
    Sample("slash and spaces", "GET /a b HTTP/1.1\n\n", "C1.0- get read <a b>"),
    Sample("slash without Host", "GET /a HTTP/1.1\r\nAccept: x\r\n\r\n", "C1.0- get read <a>"),
    Sample("admin", "GET /-/status\n\n", "C1.0- get admin /-/status"),
    Sample("admin without slash is a key", "GET -/status\n\n", "C1.0- get read <-/status>"),
    Sample("POST without Host", "POST /-/recover HTTP/1.1\r\n\r\n", "C1.0- 405"),
    Sample("peer", "GET /-/peer\nUpgrade: quorate/1\n\n", "C1.0- 426"),
    Sample("UTF-8", "GET grün=weiß\n\n", "C1.0- get write <grün> <weiß>"),
    Sample("broken UTF-8", bytes: Array("GET ".utf8) + [0xc3, 0x28] + Array("\n\n".utf8), "C1.0- 400"),
    Sample("tab", "GET a\tb\n\n", "C1.0- 400"),
    Sample("bare CR", "GET a\rb\n\n", "C1.0- 400"),
    Sample("NUL", "GET a\0b\n\n", "C1.0- 400"),
    Sample("C1", "GET a\u{85}b\n\n", "C1.0- 400"),
    Sample("URL as key", "GET http://a.b/c\n\n", "C1.0- get read <http://a.b/c>"),
    Sample("URL as key without Host", "GET http://a.b/c HTTP/1.1\r\n\r\n", "C1.0- get read <http://a.b/c>"),
  ]

  static let ends = [
    Sample("line only, silence", "GET color\n", end: .silence, "C1.0- get read <color>"),
    Sample("line only, CRLF, silence", "GET color HTTP/1.1\r\n", end: .silence, "C1.0- get read <color>"),
    Sample("line only, end", "GET color\n", end: .ofInput, "C1.0- get read <color>"),
    Sample("no line end, silence", "GET color", end: .silence),
    Sample("no line end, end", "GET color", end: .ofInput, "C1.0- get read <color>"),
    Sample("slash, no line end, end", "GET /color HTTP/1.1", end: .ofInput, "C1.0- get read <color>"),
    Sample("slash, no Host yet, silence", "GET /color HTTP/1.1\r\n", end: .silence, "C1.0- get read <color>"),
    Sample("header, silence", "GET a HTTP/1.1\nhost: x\n", end: .silence, "C1.0- get read <a>"),
    Sample("half a header, silence", "GET a HTTP/1.1\r\nho", end: .silence, "C1.0- get read <a>"),
    Sample("half a Host, silence", "GET /a HTTP/1.1\r\nHos", end: .silence),
    Sample("no Host, silence", "GET /a HTTP/1.1\r\nX: y\r\n", end: .silence, "C1.0- get read <a>"),
    Sample("half a header, end", "GET a HTTP/1.1\nho", end: .ofInput, "C1.0- get read <a>"),
    Sample("kept, but silent", "GET a\nConnection: keep-alive\n", end: .silence, "C1.0- get read <a>"),
    Sample("kept, but ended", "GET a\nConnection: keep-alive\n", end: .ofInput, "C1.0- get read <a>"),
    Sample("nothing, end", "", end: .ofInput),
    Sample("nothing, silence", "", end: .silence),
    Sample("blank, end", "\r\n\n\r", end: .ofInput),
    Sample("mixed ends", "GET a HTTP/1.1\r\nHost: x\nAccept: y\r\n\n", "C1.0- get read <a>"),
    Sample("ignored after the end", "GET a\n\nGET b\n\n", end: .ofInput, "C1.0- get read <a>"),
    Sample("empty lines before", "\r\n\n\r\nGET a\n\n", "C1.0- get read <a>"),
  ]

  static let fields = [
    Sample(
      "kept", "GET a\nConnection: keep-alive\n\nGET b\nconnection: Keep-Alive\n\nGET c\n\n",
      "C1.0+ get read <a>", "C1.0+ get read <b>", "C1.0- get read <c>"),
    Sample("kept, refused", "GET [\nConnection: keep-alive\n\nGET b\n\n", "C1.0+ 400", "C1.0- get read <b>"),
    Sample("kept and closed", "GET a\nConnection: keep-alive, close\n\n", "C1.0- get read <a>"),
    Sample(
      "body ends keeping", "GET a\nConnection: keep-alive\nContent-Length: 2\n\nxx", "C1.0- get read <a>"),
    Sample("empty body keeps", "GET a\nConnection: keep-alive\nContent-Length: 0\n\n", "C1.0+ get read <a>"),
    Sample(
      "huge body ends keeping", "GET a\nConnection: keep-alive\nContent-Length: 99999999999999999999\n\n",
      "C1.0- get read <a>"),
    Sample(
      "chunks end keeping", "GET a\nConnection: keep-alive\nTransfer-Encoding: chunked\n\n0\r\n\r\n",
      "C1.0- get read <a>"),
    Sample(
      "doubt ends keeping", "GET a\nConnection: keep-alive\nContent-Length : 2\n\nxx", "C1.0- get read <a>"),
    Sample("no colon", "GET a\nnonsense\n\n", "C1.0- get read <a>"),
    Sample("no colon ends keeping", "GET a\nConnection: keep-alive\nnonsense\n\n", "C1.0- get read <a>"),
    Sample("folded ends keeping", "GET a\nConnection: keep-alive\n folded\n\n", "C1.0- get read <a>"),
    Sample("idempotency", "GET a=b\nIdempotency-Key: 1-x\n\n", "C1.0- get write <a> <b> once:1-x"),
    Sample("idempotency with NUL", "GET a=b\nIdempotency-Key: \u{0}x\n\n", "C1.0- get write <a> <b>"),
    Sample("condition", "GET a=b\nIf-Match: \"1-2\"\n\n", "C1.0- get write <a> <b> if:1-2"),
    Sample("bad condition", "GET a=b\nIf-Match: 1-2\n\n", "C1.0- 400"),
    Sample("demand", "GET a\nKV-Consistency: local\n\n", "C1.0- get read <a> local"),
    Sample("bad demand", "GET a\nKV-Consistency: any\n\n", "C1.0- 400"),
  ]

  static let limits = [
    Sample(
      "key of 128", "GET \(String(repeating: "ü", count: 128))\n\n", end: nil,
      "C1.0- get read <\(Transcript.text(of: String(repeating: "ü", count: 128)))>"),
    Sample("key of 129", "GET \(String(repeating: "k", count: 129))\n\n", "C1.0- 400"),
    Sample("value of 2049", "GET k=\(String(repeating: "v", count: 2049))\n\n", "C1.0- 400"),
    Sample("target of 32 KiB", "GET \(String(repeating: "t", count: 32768)) HTTP/1.1\n\n", "C1.0- 400"),
    Sample("target over 32 KiB", "GET \(String(repeating: "t", count: 32769)) HTTP/1.1\n\n", "C1.0- 414"),
    Sample("endless line", String(repeating: "x", count: 40000), "C1.0- 414"),
    Sample("endless target", "GET " + String(repeating: "x", count: 40000), "C1.0- 414"),
    Sample(
      "head of 40 KiB", "GET a\n" + String(repeating: "h: x\n", count: 8190) + "h:\n\n", "C1.0- get read <a>"),
    Sample(
      "head of 40 KiB and one", "GET a\n" + String(repeating: "h: x\n", count: 8190) + "h: \n\n", "C1.0- 431"),
    Sample("head over 40 KiB", "GET a\n" + String(repeating: "h: x\n", count: 8200) + "\n", "C1.0- 431"),
    Sample("endless head", "GET a\n" + String(repeating: "h", count: 41000), "C1.0- 431"),
  ]
}

extension Transcript {
  static func text(of string: String) -> String {
    Array(string.utf8).withUnsafeBytes(text)
  }
}
