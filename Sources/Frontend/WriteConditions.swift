import Bytes
import HTTP
import KVStore

/// A write's conditions as the store wants them. Nearly no request has any: then this costs nothing.
struct WriteConditions {
  private var match: [UInt8] = []
  private var noneMatch: [UInt8] = []

  init(_ request: Request) {
    guard request.isConditional else { return }
    // Weak tags never match by the strong comparison that If-Match asks for (RFC 9110, section 13.1.1).
    for element in request.ifMatch where !element.isWeak { match.putIfKnown(element.tag) }
    for element in request.ifNoneMatch { noneMatch.putIfKnown(element.tag) }
  }

  /// More than the store takes.
  var isTooMany: Bool {
    max(match.count, noneMatch.count) > Write.tagsMax * Tag.encodedBytes
  }

  func withWrite(_ request: Request, _ body: (Write) -> Void) {
    let idempotencyKey = request.idempotencyKey.isEmpty ? nil : request.idempotencyKey
    var write =
      request.action == .remove
      ? Write(delete: request.key, idempotencyKey: idempotencyKey)
      : Write(set: request.key, to: request.value, idempotencyKey: idempotencyKey)
    guard request.isConditional else { return body(write) }
    match.withUnsafeBytes { match in
      noneMatch.withUnsafeBytes { noneMatch in
        write.ifMatch = Self.condition(request.ifMatch, match)
        write.ifNoneMatch = Self.condition(request.ifNoneMatch, noneMatch)
        body(write)
      }
    }
  }

  private static func condition(
    _ list: EntityTagList, _ bytes: UnsafeRawBufferPointer
  ) -> Write.Condition {
    guard list.isPresent else { return .none }
    return list.isAny ? .any : .tags(TagList(bytes))
  }
}

extension [UInt8] {
  fileprivate mutating func putIfKnown(_ tag: EntityTag?) {
    if let tag { put(Tag(lineage: tag.lineage, counter: tag.number)) }
  }
}

extension RequestTable.Entry {
  /// Keeps a read's If-None-Match behind the key.
  mutating func keep(_ list: EntityTagList) {
    isConditional = true
    matchesAny = list.isAny
    for element in list { buffer.putIfKnown(element.tag) }
  }

  /// Whether the client has what it would be given (RFC 9110, section 13.1.2).
  func isKnown(_ tag: EntityTag?) -> Bool {
    guard isConditional, let tag else { return false }
    if matchesAny { return true }
    return buffer.withUnsafeBytes { buffer in
      TagList(UnsafeRawBufferPointer(rebasing: buffer[keyCount...]))
        .contains(Tag(lineage: tag.lineage, counter: tag.number))
    }
  }
}
