import Bytes
import VSR
import Wire

/// What a reader makes of a stream of bytes. Every message it gives is held to be the only meaning of its bytes.
struct FrameTranscript: Equatable {
  private(set) var messages: [Message] = []
  private(set) var error: FrameError?
  private(set) var pendingCount = 0

  /// `pieceCounts`: the lengths of the pieces that the bytes come in, used over and over.
  init(
    _ bytes: [UInt8], pieceCounts: [Int] = [Int.max], serverCount: Int = 3, version: WireVersion = .one,
    sender: ServerIndex = 0
  ) {
    var reader = FrameReader(serverCount: serverCount, version: version, sender: sender)
    var writer = FrameWriter(version)
    var offset = 0
    var turn = 0
    var encoded: [UInt8] = []
    while offset < bytes.count, error == nil {
      let count = min(pieceCounts[turn % pieceCounts.count], bytes.count - offset)
      bytes[offset..<offset + count].withUnsafeBytes { reader.append($0) }
      offset += count
      turn += 1
      drain(&reader, &writer, &encoded)
    }
    pendingCount = reader.pendingCount
    precondition(bytes.starts(with: encoded), "a message has two encodings")
    precondition(error != nil || encoded.count + pendingCount == bytes.count, "bytes were lost")
  }

  private mutating func drain(
    _ reader: inout FrameReader, _ writer: inout FrameWriter, _ encoded: inout [UInt8]
  ) {
    do throws(FrameError) {
      while let message = try reader.next() {
        messages.append(message)
        precondition(writer.put(message, into: &encoded), "a message that came cannot be sent on")
      }
    } catch {
      self.error = error
    }
  }
}
