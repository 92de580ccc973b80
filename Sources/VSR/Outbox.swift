/// What waits for the disk. A message leaves when the journal records that it speaks for are synced.
struct Outbox: Sendable {
  /// Records asked for so far, and how many of them are on disk.
  private(set) var position: JournalPosition = 0
  private(set) var synced: JournalPosition = 0
  /// The record of the last change of view or epoch: no message of the view may precede it.
  private(set) var statePosition: JournalPosition = 0
  /// The op through which the log is on disk.
  private(set) var durableOp: Op
  private var appends: [(position: JournalPosition, op: Op)] = []
  private var held: [(position: JournalPosition, to: ServerIndex, message: Message)] = []

  init(durableOp: Op) {
    self.durableOp = durableOp
  }

  var heldCount: Int { held.count }
  /// Whether a crash now would find the view and epoch as they are.
  var isStateSynced: Bool { statePosition <= synced }

  mutating func recordAppend(of op: Op) {
    position += 1
    appends.append((position, op))
  }

  /// Of no place in the log, and no change of view: whoever waits for it waits for `position`.
  mutating func recordBeside() {
    position += 1
  }

  mutating func recordState() {
    position += 1
    statePosition = position
  }

  /// The log was cut after `kept` and now ends at `head`.
  mutating func recordInstall(keeping kept: Op, head: Op) {
    position += 1
    statePosition = position
    durableOp = min(durableOp, kept)
    appends = [(position, head)]
  }

  /// A snapshot on disk stands for the log through `op`.
  mutating func recordSnapshot(of op: Op) {
    durableOp = max(durableOp, op)
  }

  /// Keeps the message back until `position` is synced. Beyond the bound the oldest goes: the protocol repeats.
  mutating func hold(_ message: Message, to server: ServerIndex, until position: JournalPosition) {
    if held.count >= Bounds.heldMessagesMax { held.removeFirst() }
    held.append((position, server, message))
  }

  mutating func dropHeld() {
    held.removeAll(keepingCapacity: true)
  }

  mutating func sync(through position: JournalPosition) {
    precondition(position <= self.position)
    synced = max(synced, position)
    while let first = appends.first, first.position <= synced {
      durableOp = first.op
      appends.removeFirst()
    }
  }

  /// The messages that no longer wait, in order.
  mutating func release(into messages: inout [(to: ServerIndex, message: Message)]) {
    guard held.contains(where: { $0.position <= synced }) else { return }
    for item in held where item.position <= synced { messages.append((item.to, item.message)) }
    held.removeAll { $0.position <= synced }
  }
}
