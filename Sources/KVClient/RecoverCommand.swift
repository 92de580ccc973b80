import Client
import Glibc
import Servers

/// Has the servers start anew below a quorum: asks one of those that are on this machine, as the others take no
/// such order from here. Sent once: it is not a thing to repeat unasked.
enum RecoverCommand {
  static func run(_ options: Options) throws(Failure) -> Output {
    let gone = try options.without.map { (text) throws(Failure) in try Hosts.parse(text, from: "--without") }
    let hosts = try Hosts.find(options.hosts)
    let here = hosts.filter { host in
      !(gone ?? []).contains { $0.isSamePlace(as: host) } && ThisMachine.has(host)
    }
    guard !here.isEmpty else {
      let list = hosts.map(\.text).joined(separator: ", ")
      throw .usage("recover goes to a server of this machine that is to go on: none of \(list) is one")
    }
    let body = Array((gone.map { "without=" + $0.map(\.text).joined(separator: ",") } ?? "").utf8)
    let said = try Runtime(options, hosts: here).run(Call(.command("/-/recover", body: body))).answer.body
    return Output(bytes: said.last == newline || said.isEmpty ? said : said + [newline])
  }
}

/// Which addresses are this machine's: those that a socket can be bound to.
enum ThisMachine {
  static func has(_ address: ServerAddress) -> Bool {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    // Port 0: only the address is asked about, whoever listens there.
    guard getaddrinfo(address.host, "0", &hints, &found) == 0 else { return false }
    defer { freeaddrinfo(found) }
    var next = found
    while let info = next?.pointee {
      if canBind(info) { return true }
      next = info.ai_next
    }
    return false
  }

  private static func canBind(_ info: addrinfo) -> Bool {
    let descriptor = socket(info.ai_family, info.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return bind(descriptor, info.ai_addr, info.ai_addrlen) == 0
  }
}
