import Bytes

extension Write {
  /// The identity of every write that carries this idempotency key.
  package static func identity(ofIdempotencyKey key: UnsafeRawBufferPointer) -> Digest {
    var sip = SipHash(key: (0x6964_656d_706f_7465, 0x6e63_796b_6579_0001), isWide: true)
    sip.update(key)
    return sip.digest()
  }

  /// The same for the same request, idempotency key apart: what tells a retry from another write. A request that
  /// comes as a merge is the same as one that comes by way of a quorum.
  var requestDigest: Digest {
    var sip = SipHash(key: (0x7265_7175_6573_7401, 0), isWide: true)
    sip.update(requestHeader)
    sip.update(UInt64(key.count) << 32 | UInt64(value.count))
    sip.update(ifMatch)
    sip.update(ifNoneMatch)
    sip.update(key)
    sip.update(value)
    return sip.digest()
  }
}

extension SipHash {
  fileprivate mutating func update(_ condition: Write.Condition) {
    guard case .tags(let list) = condition else { return }
    update(UInt8(list.count))
    update(list.bytes)
  }
}
