import Bytes
import VSR

private enum GreetingKind: UInt8 {
  case hello = 1
  case refusal = 2
  case welcome = 3
}

/// Tells a hello from whatever else begins with a small length.
private let magic: UInt32 = 0x4554_5251  // "QRTE"

extension [UInt8] {
  package mutating func put(_ greeting: Greeting) {
    let start = count
    put(UInt32(0))
    put(0 as UInt8)
    switch greeting {
    case .hello(let hello):
      put(GreetingKind.hello.rawValue)
      put(hello)
    case .refusal(let reason):
      put(GreetingKind.refusal.rawValue)
      putCounted([UInt8](reason.utf8.prefix(Greeting.reasonBytesMax)))
    case .welcome(let version):
      put(GreetingKind.welcome.rawValue)
      put(version)
    }
    precondition(count - start - 4 <= Greeting.bytesMax)
    patch(UInt32(count - start - 4), at: start)
  }

  private mutating func put(_ hello: Hello) {
    put(magic)
    put(hello.versions.lowerBound)
    put(hello.versions.upperBound)
    put(hello.digest)
    put(UInt8(hello.servers.count))
    for server in hello.servers { put(text: server, max: Hello.addressBytesMax) }
    put(text: hello.own, max: Hello.addressBytesMax)
    put(text: hello.addressee, max: Hello.addressBytesMax)
    put(hello.incarnation)
    put(hello.session)
    putVarint(hello.epochNumber)
    putVarint(hello.storeLimit)
    put(text: hello.program, max: Hello.programBytesMax)
  }

  /// Cut where it is longer than any real one: the receiver says what differs then.
  private mutating func put(text: String, max: Int) {
    putCounted([UInt8](text.utf8.prefix(max)))
  }
}

extension Greeting {
  /// The greeting that `bytes` begin with, and how many bytes it takes; nil if it is not whole.
  package static func take(
    from bytes: UnsafeRawBufferPointer
  ) throws(FrameError) -> (greeting: Greeting, count: Int)? {
    guard bytes.count > 4 else { return nil }
    guard bytes[4] == 0 else { throw .unknownVersion(bytes[4]) }
    guard bytes.count > 5 else { return nil }
    guard let kind = GreetingKind(rawValue: bytes[5]) else { throw .unknownKind(bytes[5]) }
    let length = Int(UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self)))
    guard length <= bytesMax else { throw .oversize(length) }
    guard length >= 2 else { throw .malformed }
    guard bytes.count >= 4 + length else { return nil }
    do throws(MalformedBytes) {
      var fields = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[6..<4 + length]))
      return (try fields.takeGreeting(kind), 4 + length)
    } catch {
      throw .malformed
    }
  }
}

extension ByteReader {
  fileprivate mutating func takeGreeting(_ kind: GreetingKind) throws(MalformedBytes) -> Greeting {
    switch kind {
    case .hello: return .hello(try takeHello())
    case .refusal:
      let reason = try takeCounted(max: Greeting.reasonBytesMax)
      try expectEnd()
      return .refusal(printable(reason))
    case .welcome:
      let version = try take(UInt8.self)
      try expectEnd()
      return .welcome(version: version)
    }
  }

  private mutating func takeHello() throws(MalformedBytes) -> Hello {
    guard try take(UInt32.self) == magic else { throw MalformedBytes() }
    let least = try take(UInt8.self)
    let greatest = try take(UInt8.self)
    guard 0 < least, least <= greatest else { throw MalformedBytes() }
    let digest = try takeDigest()
    let count = Int(try take(UInt8.self))
    guard 1...serversMax ~= count else { throw MalformedBytes() }
    var servers: [String] = []
    for _ in 0..<count { servers.append(try takeText(max: Hello.addressBytesMax)) }
    return Hello(
      versions: least...greatest, digest: digest, servers: servers,
      own: try takeText(max: Hello.addressBytesMax), addressee: try takeText(max: Hello.addressBytesMax),
      incarnation: try take(UInt64.self), session: try take(UInt64.self), epochNumber: try takeVarint(),
      storeLimit: try takeVarint(), program: try takeText(max: Hello.programBytesMax))
  }

  /// Printable ASCII without spaces: it goes to logs.
  private mutating func takeText(max: Int) throws(MalformedBytes) -> String {
    let bytes = try takeCounted(max: max)
    guard bytes.allSatisfy({ 0x21...0x7e ~= $0 }) else { throw MalformedBytes() }
    return String(decoding: bytes, as: UTF8.self)
  }

  private func printable(_ bytes: UnsafeRawBufferPointer) -> String {
    String(decoding: bytes.map { 0x20...0x7e ~= $0 ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
  }
}
