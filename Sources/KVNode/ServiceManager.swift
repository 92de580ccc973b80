import Glibc

/// Who started this process and wants to be told how it goes, as sd_notify(3) has it: a datagram of lines to the
/// socket that the environment names.
enum ServiceManager {
  /// Tells `state`, such as `READY=1`. Nobody asked: nothing is sent. It is a courtesy, so a failure is nobody's
  /// concern.
  static func tell(_ state: String) {
    guard let name = getenv("NOTIFY_SOCKET"), var address = address(String(cString: name)) else { return }
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    let bytes = Array(state.utf8)
    _ = withUnsafePointer(to: &address.value) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, address.length)
      }
    }
  }

  /// A path, or with a leading `@` a name without a file. Its length is exact: what follows such a name belongs to it.
  private static func address(_ name: String) -> (value: sockaddr_un, length: socklen_t)? {
    var value = sockaddr_un()
    value.sun_family = sa_family_t(AF_UNIX)
    var path = Array(name.utf8)
    guard let first = path.first, path.count < MemoryLayout.size(ofValue: value.sun_path) else { return nil }
    if first == UInt8(ascii: "@") { path[0] = 0 }
    withUnsafeMutableBytes(of: &value.sun_path) { $0.copyBytes(from: path) }
    return (value, socklen_t(MemoryLayout<sa_family_t>.size + path.count))
  }
}
