import UV

/// A file that grows while the load runs, written in pieces by libuv's pool, so that the disk does not hold up
/// the requests.
final class HistoryFile {
  /// One write.
  static let pieceBytes = 256 << 10
  /// Bytes that may wait for the disk. More is a failure: the run would measure the disk.
  static let waitingMax = 256 << 20

  private let file: File
  private var piece: [UInt8] = []
  private var offset: Int64 = 0
  private var waiting = 0
  private var onFinish: ((String?) -> Void)?
  /// Why nothing more is written; nil while all is well.
  private(set) var fault: String?

  /// Creates the file, or empties it.
  static func open(
    _ loop: Loop, _ path: String, completion: @escaping (Result<HistoryFile, UVError>) -> Void
  ) {
    File.open(loop, path, [.readWrite, .create, .truncate]) { opened in
      completion(opened.map { HistoryFile($0) })
    }
  }

  private init(_ file: File) {
    self.file = file
    piece.reserveCapacity(Self.pieceBytes * 2)
  }

  /// Lets the caller append to what is written next.
  @inline(__always)
  func append(_ body: (inout [UInt8]) -> Void) {
    guard fault == nil else { return }
    body(&piece)
    if piece.count >= Self.pieceBytes { flush() }
  }

  private func flush() {
    guard fault == nil, !piece.isEmpty else { return }
    let count = piece.count
    waiting += count
    if waiting > Self.waitingMax { fault = "the disk does not keep up" }
    file.write(piece, at: offset) { [self] error in
      waiting -= count
      if let error, fault == nil { fault = error.message }
      finishWhenWritten()
    }
    offset += Int64(count)
    piece.removeAll(keepingCapacity: true)
  }

  /// Writes the rest and closes. The completion comes once, in the loop, with the fault if there was one.
  func finish(completion: @escaping (String?) -> Void) {
    precondition(onFinish == nil)
    flush()
    onFinish = completion
    finishWhenWritten()
  }

  private func finishWhenWritten() {
    guard waiting == 0, let onFinish else { return }
    self.onFinish = nil
    file.close { [self] error in onFinish(fault ?? error?.message) }
  }
}
