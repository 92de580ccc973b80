import Foundation
import Support
import XCTest

/// A raw TCP connection to a server on this machine: bytes out, replies in, nothing interpreted on the way.
final class Connection {
  enum Failure: Error { case system(Int32), silent, ended(String), malformed(String) }

  /// Nothing that a server is to answer may take longer than this; only a failing test waits for it.
  static let patience = 20

  private let socket: Int32
  private let server: UInt16
  private let client: UInt16
  private var received: [UInt8] = []
  /// The server that a test started for this connection lives as long as the connection.
  private let node: Node?

  init(_ port: UInt16, of node: Node? = nil) throws {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = loopback(port)
    if withSockaddr(&address, { Glibc.connect(socket, $0, $1) }) != 0 {
      let code = errno
      close(socket)
      throw Failure.system(code)
    }
    self.socket = socket
    self.node = node
    server = port
    client = ownPort(socket)
    var on: Int32 = 1
    setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    var limit = timeval(tv_sec: Connection.patience, tv_usec: 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(socket) }

  /// False when the connection was reset or closed under it.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count <= 0 { return false }
      sent += count
    }
    return true
  }

  @discardableResult
  func send(_ text: String) -> Bool { send(Array(text.utf8)) }

  /// Half-close: nothing more is sent, replies are still read.
  func finish() { shutdown(socket, Int32(SHUT_WR)) }

  /// Waits until the server's program has read all that was sent (its socket's queue is empty), so that what
  /// is sent next reaches it apart.
  func waitUntilRead() {
    let isRead = waitUntil(seconds: Double(Connection.patience)) {
      self.unreadByServer() == 0 || self.hasBytes()
    }
    XCTAssertTrue(isRead, "the server did not read: \(self.unreadByServer().map(String.init) ?? "gone")")
  }

  /// Bytes in the receive queue of the server's end, from the kernel's table; nil when that end is gone.
  func unreadByServer() -> Int? {
    let local = String(format: "0100007F:%04X", Int(server))
    let remote = String(format: "0100007F:%04X", Int(client))
    guard let table = fopen("/proc/net/tcp", "r") else { return nil }
    defer { fclose(table) }
    var line = [CChar](repeating: 0, count: 512)
    while fgets(&line, Int32(line.count), table) != nil {
      let text = line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      let fields = String(decoding: text, as: UTF8.self).split(separator: " ")
      guard fields.count > 9, fields[1] == local, fields[2] == remote, fields[9] != "0" else { continue }
      return Int(fields[4].split(separator: ":")[1], radix: 16)
    }
    return nil
  }

  /// The next reply; `bodiless` when the request was HEAD.
  func reply(bodiless: Bool = false) throws -> Reply {
    while true {
      if let (reply, length) = try Reply.parse(received, bodiless: bodiless) {
        received.removeFirst(length)
        return reply
      }
      if try !receive() { throw Failure.ended(String(decoding: received, as: UTF8.self)) }
    }
  }

  /// Everything until the server's FIN.
  func readToEnd() throws -> String {
    while try receive() {}
    defer { received = [] }
    return String(decoding: received, as: UTF8.self)
  }

  /// Everything that comes until a FIN or a reset, whichever.
  func readUntilGone() -> String {
    while (try? receive()) == true {}
    return String(decoding: received, as: UTF8.self)
  }

  /// True when the server has sent its FIN and nothing before it.
  func isAtEnd() throws -> Bool { try received.isEmpty && !receive() }

  /// Whether bytes, a FIN or a reset have come.
  func hasBytes() -> Bool {
    var event = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    return poll(&event, 1, 0) > 0
  }

  private func receive() throws -> Bool {
    var buffer = [UInt8](repeating: 0, count: 65536)
    let count = recv(socket, &buffer, buffer.count, 0)
    if count < 0 { throw errno == EAGAIN ? Failure.silent : Failure.system(errno) }
    received += buffer[..<count]
    return count > 0
  }
}
