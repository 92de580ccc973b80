import Bytes

/// What an entity tag `"L-N"` stands for: the lineage, and the store's write counter at the key's last write.
package struct Tag: Hashable, Sendable {
  package static let encodedBytes = 16

  package var lineage: UInt64
  package var counter: UInt64

  package init(lineage: UInt64, counter: UInt64) {
    self.lineage = lineage
    self.counter = counter
  }
}

/// Borrowed tags, 16 bytes each, as `[UInt8].put(_: Tag)` lays them out.
package struct TagList {
  package let bytes: UnsafeRawBufferPointer

  package var count: Int { bytes.count / Tag.encodedBytes }

  /// The count must be a multiple of `Tag.encodedBytes`.
  package init(_ bytes: UnsafeRawBufferPointer) {
    precondition(bytes.count.isMultiple(of: Tag.encodedBytes))
    self.bytes = bytes
  }

  package func contains(_ tag: Tag?) -> Bool {
    guard let tag else { return false }
    for offset in stride(from: 0, to: bytes.count, by: Tag.encodedBytes) {
      let lineage = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      let counter = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self))
      if lineage == tag.lineage && counter == tag.counter { return true }
    }
    return false
  }
}

extension [UInt8] {
  package mutating func put(_ tag: Tag) {
    put(tag.lineage)
    put(tag.counter)
  }
}
