/// A chunked body (RFC 9112 §7.1), decoded in place: the data moves down over the framing, so that it ends up
/// whole and what is held stays bounded. Stricter than the RFC where smuggling begins: lines end in CRLF only, and
/// white space in a chunk line goes before an extension only.
struct ChunkedBody {
  private enum Phase {
    case size
    case data(left: Int)
    case dataEnd
    case trailer
  }

  enum Progress {
    case needsMore
    case done
    case fault(Fault)
  }

  private enum Line {
    case partial
    case tooLong
    case bare
    case whole(UnsafeRawBufferPointer)
  }

  /// All offsets count from the message's first byte. The decoded body is [start, end).
  let start: Int
  private(set) var end: Int
  /// The first byte not yet decoded; once done, the first of what follows the message.
  private(set) var next: Int
  private var scanned: Int
  private var phase = Phase.size
  private var trailerLeft: Int
  private let bodyMax: Int

  /// `start`: the head's length. Bounds in bytes: 413 beyond `bodyMax`, 431 beyond `trailerMax`.
  init(start: Int, bodyMax: Int, trailerMax: Int) {
    self.start = start
    self.bodyMax = bodyMax
    trailerLeft = trailerMax
    (end, next, scanned) = (start, start, start)
  }

  /// Decodes what is held; while more is needed, it holds no framing but that of a partial line.
  mutating func advance(_ held: inout HeldBytes) -> Progress {
    let progress = decode(held.bytes)
    if case .needsMore = progress {
      held.remove(from: end, to: next)
      scanned = max(scanned, next) - (next - end)
      next = end
    }
    return progress
  }

  private mutating func decode(_ bytes: UnsafeMutableRawBufferPointer) -> Progress {
    while true {
      let progress: Progress?
      switch phase {
      case .size: progress = decodeSize(UnsafeRawBufferPointer(bytes))
      case .data(let left): progress = moveData(bytes, left: left)
      case .dataEnd: progress = decodeDataEnd(UnsafeRawBufferPointer(bytes))
      case .trailer: progress = decodeTrailer(UnsafeRawBufferPointer(bytes))
      }
      if let progress { return progress }
    }
  }

  private mutating func decodeSize(_ bytes: UnsafeRawBufferPointer) -> Progress? {
    switch takeLine(bytes, max: MessageLimits.chunkLineMax) {
    case .partial: return .needsMore
    case .tooLong: return .fault(Fault(.badRequest, "a chunk line has more than 256 bytes"))
    case .bare: return .fault(Fault(.badRequest, "a chunk line ends in a bare line feed"))
    case .whole(let line):
      guard let size = Self.size(line) else { return .fault(Fault(.badRequest, "a bad chunk size")) }
      guard size <= bodyMax - (end - start) else { return .fault(Self.tooLarge) }
      phase = size == 0 ? .trailer : .data(left: size)
      return nil
    }
  }

  private mutating func moveData(_ bytes: UnsafeMutableRawBufferPointer, left: Int) -> Progress? {
    let count = min(left, bytes.count - next)
    let base = bytes.baseAddress!
    base.advanced(by: end).copyMemory(from: base.advanced(by: next), byteCount: count)
    end += count
    next += count
    phase = count == left ? .dataEnd : .data(left: left - count)
    return count == left ? nil : .needsMore
  }

  private mutating func decodeDataEnd(_ bytes: UnsafeRawBufferPointer) -> Progress? {
    guard bytes.count - next >= 2 else { return .needsMore }
    guard bytes[next] == .carriageReturn, bytes[next + 1] == .lineFeed else {
      return .fault(Fault(.badRequest, "a chunk is longer than its size"))
    }
    next += 2
    phase = .size
    return nil
  }

  private mutating func decodeTrailer(_ bytes: UnsafeRawBufferPointer) -> Progress? {
    let before = next
    switch takeLine(bytes, max: trailerLeft) {
    case .partial: return .needsMore
    case .tooLong: return .fault(Fault(.headTooLarge, "head and trailer have more than 40 KiB"))
    case .bare: return .fault(Fault(.badRequest, "a trailer line ends in a bare line feed"))
    case .whole(let line):
      if line.isEmpty { return .done }
      if case .fault(let reason) = FieldLine.parse(line) { return .fault(Fault(.badRequest, reason)) }
      trailerLeft = max(0, trailerLeft - (next - before))
      return nil
    }
  }

  /// The next line without its CRLF, of at most `max` bytes.
  private mutating func takeLine(_ bytes: UnsafeRawBufferPointer, max: Int) -> Line {
    guard let lineFeed = bytes.firstLineFeed(from: Swift.max(scanned, next)) else {
      scanned = bytes.count
      return bytes.count - next > max + 1 ? .tooLong : .partial
    }
    let hasReturn = lineFeed > next && bytes[lineFeed - 1] == .carriageReturn
    let line = bytes[from: next, to: hasReturn ? lineFeed - 1 : lineFeed]
    if line.count > max { return .tooLong }
    guard hasReturn else { return .bare }
    next = lineFeed + 1
    return .whole(line)
  }

  /// `size *( BWS ";" … )`; nil if it is none. Sizes beyond any limit come out as the greatest integer.
  private static func size(_ line: UnsafeRawBufferPointer) -> Int? {
    var size = 0
    var index = 0
    while index < line.count, let digit = line[index].hexadecimalValue {
      size = size > Int.max >> 5 ? Int.max : size << 4 | Int(digit)
      index += 1
    }
    guard index > 0 else { return nil }
    let rest = line[from: index, to: line.count]
    guard rest.isEmpty || (rest.trimmed().first == UInt8(ascii: ";") && rest.isFieldText) else { return nil }
    return size
  }

  private static let tooLarge = Fault(.contentTooLarge, "the body has more than 8 KiB")
}
