import Bytes

/// One write request, borrowed: its bytes are valid only where the pointers were given.
///
/// The same type describes a write to encode and a write that was decoded. That keys and values are well-formed
/// text is the front's concern; here only their sizes are bounded.
package struct Write {
  package enum Kind: UInt8, Sendable {
    case set = 0
    case delete = 1
  }

  /// What `If-Match` or `If-None-Match` says (RFC 9110, section 13.1).
  package enum Condition {
    case none
    /// `*`
    case any
    /// A list of entity tags, at most `Write.tagsMax`. Tags that are not of this store's form are left out; a
    /// list may be empty: it matches nothing.
    case tags(TagList)
  }

  /// What a write that was kept without a quorum brings along when it becomes an op (see `Store+Merge.swift`).
  /// Such a write has an idempotency key, and no conditions.
  package struct Merge: Hashable, Sendable {
    static let encodedBytes = 16 + 8 + 1

    /// What it replaced: the identity of the write of this key that was kept before it by the same server, if there
    /// is one, else the key's last writer as of the log (`Store.lastWriter(of:)`).
    package var base: Digest
    /// When it was kept, in milliseconds since 1970 by the clock of that server. For display only.
    package var writtenAt: UInt64
    /// Which server kept it: its index in the sorted set.
    package var server: UInt8

    package init(base: Digest, writtenAt: UInt64, server: UInt8) {
      self.base = base
      self.writtenAt = writtenAt
      self.server = server
    }
  }

  /// 128 Unicode scalars of at most four bytes.
  package static let keyBytesMax = 512
  /// 2048 Unicode scalars of at most four bytes.
  package static let valueBytesMax = 8192
  package static let idempotencyKeyBytesMax = 64
  package static let tagsMax = 64
  /// No encoding is longer: a merge has no tags, which are longer than what it brings along.
  package static let encodedBytesMax =
    1 + 2 + 2 + 2 * (1 + tagsMax * Tag.encodedBytes) + keyBytesMax + valueBytesMax + 1
    + idempotencyKeyBytesMax

  package var kind: Kind
  /// 1 to `keyBytesMax` bytes.
  package var key: UnsafeRawBufferPointer
  /// 0 to `valueBytesMax` bytes, none for a delete.
  package var value: UnsafeRawBufferPointer
  /// 1 to `idempotencyKeyBytesMax` bytes. One that begins with a NUL byte is no client's: it was made up for a
  /// write that was kept without one.
  package var idempotencyKey: UnsafeRawBufferPointer?
  package var ifMatch = Condition.none
  package var ifNoneMatch = Condition.none
  /// Where the encoding of `merge` begins. A pointer, as a larger write costs every write that is decoded.
  var mergeFields: UnsafeRawPointer?

  package init(
    set key: UnsafeRawBufferPointer, to value: UnsafeRawBufferPointer,
    idempotencyKey: UnsafeRawBufferPointer? = nil
  ) {
    kind = .set
    self.key = key
    self.value = value
    self.idempotencyKey = idempotencyKey
  }

  package init(delete key: UnsafeRawBufferPointer, idempotencyKey: UnsafeRawBufferPointer? = nil) {
    kind = .delete
    self.key = key
    value = UnsafeRawBufferPointer(start: nil, count: 0)
    self.idempotencyKey = idempotencyKey
  }

  /// The same request, as its client made it.
  package var plain: Write {
    var write = self
    write.mergeFields = nil
    return write
  }

  package var isConditional: Bool {
    switch (ifMatch, ifNoneMatch) {
    case (.none, .none): false
    case (.any, _), (.tags, _), (.none, .any), (.none, .tags): true
    }
  }

  /// Whether both conditions hold for a key whose current value has `tag`; nil: the key has no value.
  package func isSatisfied(by tag: Tag?) -> Bool {
    switch ifMatch {
    case .none: break
    case .any: if tag == nil { return false }
    case .tags(let list): if !list.contains(tag) { return false }
    }
    switch ifNoneMatch {
    case .none: return true
    case .any: return tag == nil
    case .tags(let list): return !list.contains(tag)
    }
  }
}
