/// Bytes produced in whole items and handed out in slices of any size.
struct PendingBytes {
  /// The item that is handed out. To be changed only where all of it was.
  var item: [UInt8] = []
  private var handedOut = 0

  var isEmpty: Bool { handedOut == item.count }

  /// Hands out what fits into `room`, and lessens it.
  mutating func move(to slice: inout [UInt8], room: inout Int) {
    let count = min(room, item.count - handedOut)
    slice.append(contentsOf: item[handedOut..<handedOut + count])
    handedOut += count
    room -= count
    guard isEmpty else { return }
    item.removeAll(keepingCapacity: true)
    handedOut = 0
  }
}
