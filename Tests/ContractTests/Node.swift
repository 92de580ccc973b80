import Foundation
import Support
import XCTest

/// One `kvnode` of its own for a test, serving on a port of its own.
final class Node {
  let port: UInt16
  let child: Child
  let directory: Directory

  /// Starts it and waits until it answers linearizably.
  init(_ arguments: [String] = []) throws {
    for _ in 0..<5 {
      let port = try freePort()
      let directory = try Directory()
      try directory.write("127.0.0.1:\(port)\n", to: "servers.txt")
      let child = try Child("kvnode", arguments, in: directory, name: "kvnode")
      if Node.waitUntilReady(child, port) {
        self.port = port
        self.child = child
        self.directory = directory
        return
      }
      // Exit 1 is a busy port: someone took the free one first.
      if child.poll() != 1 { throw Failure.notReady(child.poll(), child.stderr) }
    }
    throw Failure.notReady(1, "no free port in five tries")
  }

  /// One for tests in which this process, held up by the machine, must not pass for a silent client.
  static func patient() throws -> Node {
    let minutes = "600000"
    return try Node([
      "--line-timeout", minutes, "--head-timeout", minutes, "--body-timeout", minutes, "--linger-timeout",
      minutes,
    ])
  }

  enum Failure: Error { case notReady(Int32?, String) }

  static func waitUntilReady(_ child: Child, _ port: UInt16) -> Bool {
    let answered = waitUntil(seconds: 20) { child.poll() != nil || isReady(port) }
    return answered && child.poll() == nil
  }

  private static func isReady(_ port: UInt16) -> Bool {
    guard let connection = try? Connection(port) else { return false }
    connection.send("GET /-/ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    return (try? connection.reply())?.status == "200 OK"
  }

  func connect() throws -> Connection { try Connection(port, of: self) }

  /// A request in the standard dialect on a connection of its own; the reply's body.
  func get(_ path: String) throws -> Reply {
    let connection = try connect()
    connection.send("GET \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    return try connection.reply()
  }
}

/// A port that was free a moment ago.
func freePort() throws -> UInt16 {
  let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  defer { close(socket) }
  var address = loopback(0)
  let bound = withSockaddr(&address) { bind(socket, $0, $1) }
  guard bound == 0 else { throw Connection.Failure.system(errno) }
  return ownPort(socket)
}

/// The port at this end of a socket.
func ownPort(_ socket: Int32) -> UInt16 {
  var address = sockaddr_in()
  var length = socklen_t(MemoryLayout<sockaddr_in>.size)
  withUnsafeMutablePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(socket, $0, &length) }
  }
  return UInt16(bigEndian: address.sin_port)
}

func loopback(_ port: UInt16) -> sockaddr_in {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = port.bigEndian
  address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
  return address
}

func withSockaddr<Result>(
  _ address: inout sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) -> Result {
  withUnsafePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
  }
}
