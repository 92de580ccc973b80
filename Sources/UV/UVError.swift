import CLibUV

/// An error of libuv or of the system, known by its number.
package struct UVError: Error, Hashable, Sendable {
  /// libuv's number: negative; on Linux the negated errno for system errors.
  package let code: Int32

  package init(code: Int32) {
    precondition(code < 0)
    self.code = code
  }

  /// The name of the code, such as `EADDRINUSE`.
  package var name: String {
    Self.text { uv_err_name_r(code, $0, $1) }
  }

  /// The system's words, such as `address already in use`.
  package var message: String {
    Self.text { uv_strerror_r(code, $0, $1) }
  }

  private static func text(_ fill: (UnsafeMutablePointer<CChar>?, Int) -> UnsafeMutablePointer<CChar>?)
    -> String
  {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { buffer in
      _ = fill(buffer.baseAddress, buffer.count)
      return String(cString: buffer.baseAddress!)
    }
  }

  /// Throws what libuv's result says when it is negative.
  @discardableResult
  static func check(_ result: Int32) throws(UVError) -> Int32 {
    if result < 0 { throw UVError(code: result) }
    return result
  }
}

extension UVError: CustomStringConvertible {
  package var description: String { "\(name): \(message)" }
}

extension UVError {
  package static let addressInUse = UVError(UV_EADDRINUSE)
  package static let addressNotAvailable = UVError(UV_EADDRNOTAVAIL)
  /// The machine has no IPv6 (or no IPv4).
  package static let familyNotSupported = UVError(UV_EAFNOSUPPORT)
  package static let permissionDenied = UVError(UV_EACCES)
  package static let notPermitted = UVError(UV_EPERM)
  package static let brokenPipe = UVError(UV_EPIPE)
  package static let canceled = UVError(UV_ECANCELED)
  package static let connectionRefused = UVError(UV_ECONNREFUSED)
  package static let connectionReset = UVError(UV_ECONNRESET)
  package static let hostUnreachable = UVError(UV_EHOSTUNREACH)
  package static let networkUnreachable = UVError(UV_ENETUNREACH)
  package static let timedOut = UVError(UV_ETIMEDOUT)
  package static let invalidArgument = UVError(UV_EINVAL)
  /// The process has all the descriptors that it may have.
  package static let tooManyOpenFiles = UVError(UV_EMFILE)
  /// The machine has all the descriptors that it may have.
  package static let tooManyOpenFilesInSystem = UVError(UV_ENFILE)
  /// `flock`: another process holds the lock.
  package static let wouldBlock = UVError(UV_EAGAIN)
  package static let noSuchFile = UVError(UV_ENOENT)
  package static let fileExists = UVError(UV_EEXIST)
  package static let notADirectory = UVError(UV_ENOTDIR)
  package static let noSpace = UVError(UV_ENOSPC)
  package static let readOnlyFileSystem = UVError(UV_EROFS)
  package static let inputOutput = UVError(UV_EIO)
  /// The name does not resolve.
  package static let noName = UVError(UV_EAI_NONAME)
  /// The name service did not answer.
  package static let tryAgain = UVError(UV_EAI_AGAIN)

  private init(_ code: uv_errno_t) {
    self.init(code: code.rawValue)
  }
}
