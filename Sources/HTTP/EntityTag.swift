import Bytes

/// `"L-N"`: the lineage, and the store's write counter at a key's last write. Both decimal, without leading
/// zeros.
package struct EntityTag: Hashable, Sendable {
  package var lineage: UInt64
  package var number: UInt64

  package init(lineage: UInt64, number: UInt64) {
    self.lineage = lineage
    self.number = number
  }

  /// The text between the quotes; nil if it is not of this form.
  package init?(_ text: UnsafeRawBufferPointer) {
    guard let dash = text.firstIndex(of: UInt8(ascii: "-")),
      let lineage = text[from: 0, to: dash].canonicalDecimal(),
      let number = text[from: dash + 1, to: text.count].canonicalDecimal()
    else { return nil }
    self.init(lineage: lineage, number: number)
  }
}

extension [UInt8] {
  /// `"L-N"`, with the quotes: at most 43 bytes.
  package mutating func put(_ tag: EntityTag) {
    append(UInt8(ascii: "\""))
    putDecimal(tag.lineage)
    append(UInt8(ascii: "-"))
    putDecimal(tag.number)
    append(UInt8(ascii: "\""))
  }
}
