/// Copies of stores that nobody needs any more, with a bounded part of their memory freed at a time.
///
/// The last reference to a copy frees every block that was rewritten since it was made: tens of thousands of them
/// for a large store, which would hold a loop up for many milliseconds.
package struct RetiredStores: Sendable {
  /// Blocks freed in one slice: some tenths of a millisecond of work.
  package static let blocksPerSlice = 512
  /// Beyond so many the newest is freed at once.
  private static let storesMax = 16

  private var stores: [Store] = []

  package init() {}

  package var isEmpty: Bool { stores.isEmpty }

  package mutating func append(_ store: Store) {
    if stores.count < Self.storesMax { stores.append(store) }
  }

  /// Frees what a slice may, of the newest first.
  package mutating func releaseSlice() {
    var room = Self.blocksPerSlice
    while room > 0, !stores.isEmpty {
      guard !stores[stores.count - 1].release(&room) else { return }
      stores.removeLast()
    }
  }
}

extension Store {
  /// Drops blocks and lessens `room` by their number, until there is none. Returns whether any are left; the store
  /// cannot be used any more.
  fileprivate mutating func release(_ room: inout Int) -> Bool {
    entries.release(&room) || clients.release(&room)
  }
}
