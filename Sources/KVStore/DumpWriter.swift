import Bytes

/// Writes every `key=value` of a copy of a store, one a line, by key bytes ascending, slice by slice.
package struct DumpWriter {
  private var entries: SortedCursor
  private var pending = PendingBytes()
  private var isAtEnd = false

  package init(_ store: Store) {
    entries = SortedCursor(store.entries)
  }

  package var isDone: Bool { isAtEnd && pending.isEmpty }

  /// Appends the next bytes to `slice`, at most `count` (at least 1), with a bounded amount of work: some calls
  /// only sort, and append nothing. Returns whether there is more to come.
  package mutating func write(atMost count: Int, to slice: inout [UInt8]) -> Bool {
    precondition(count > 0)
    var room = count
    pending.move(to: &slice, room: &room)
    guard entries.isPrepared else {
      entries.prepare()
      return true
    }
    while room > 0, !isAtEnd {
      isAtEnd = entries.next { $0.putLine(into: &pending.item) } == nil
      pending.move(to: &slice, room: &room)
    }
    return !isDone
  }
}

extension Record {
  fileprivate func putLine(into bytes: inout [UInt8]) {
    bytes.put(key)
    bytes.put(UInt8(ascii: "="))
    bytes.put(value)
    bytes.put(UInt8(ascii: "\n"))
  }
}
