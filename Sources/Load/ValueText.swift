import Bytes

/// The text of values: six digits of the run, ten of the write's number, both hexadecimal, then filling up to
/// the size asked for. So each read names its write.
struct ValueText: Sendable {
  static let tagCount = 6
  static let numberCount = 10
  /// Numbers of writes are below this.
  static let numberEnd: UInt64 = 1 << 40
  private static let filling = UInt8(ascii: ".")

  let size: Int
  private let tag: [UInt8]

  init(_ options: LoadOptions) {
    precondition(options.valueSize >= LoadOptions.valueSizeMin)
    size = options.valueSize
    tag = Array(Self.tag(options.run).utf8)
  }

  static func tag(_ run: UInt64) -> String {
    String(hexadecimal(Workload.mix(run)).suffix(tagCount))
  }

  func text(of number: UInt64) -> [UInt8] {
    var text = tag
    text.append(contentsOf: repeatElement(0x30, count: Self.numberCount))
    text.append(contentsOf: repeatElement(Self.filling, count: size - text.count))
    text.withUnsafeMutableBytes { Self.put(number, into: $0, at: Self.tagCount) }
    return text
  }

  /// Writes the digits of `number` over what is at `offset`.
  @inline(__always)
  static func put(_ number: UInt64, into bytes: UnsafeMutableRawBufferPointer, at offset: Int) {
    var rest = number
    for index in stride(from: offset + numberCount - 1, through: offset, by: -1) {
      let digit = UInt8(truncatingIfNeeded: rest & 15)
      bytes[index] = digit < 10 ? 0x30 + digit : 0x57 + digit
      rest >>= 4
    }
  }

  /// The number of the write whose value this is, byte by byte; nil: it is none of this run's.
  func number(of value: UnsafeRawBufferPointer) -> UInt64? {
    guard value.count == size, value.starts(with: tag) else { return nil }
    var number: UInt64 = 0
    for byte in value[Self.tagCount..<Self.tagCount + Self.numberCount] {
      switch byte {
      case 0x30...0x39: number = number << 4 | UInt64(byte - 0x30)
      case 0x61...0x66: number = number << 4 | UInt64(byte - 0x57)
      default: return nil
      }
    }
    let isWhole = value[(Self.tagCount + Self.numberCount)...].allSatisfy { $0 == Self.filling }
    return isWhole ? number : nil
  }
}
