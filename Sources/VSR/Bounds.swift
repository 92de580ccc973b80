/// What bounds every queue, batch and retry of the protocol. Times are in ticks of 10 ms.
package enum Bounds {
  /// Ops that a primary may have prepared beyond its commit number.
  package static let pipelineMax: UInt64 = 16
  /// Bytes of one op's body.
  package static let batchBytesMax = 128 * 1024
  /// Groups of one op.
  package static let batchGroupsMax = 64
  /// Writes of one group.
  package static let groupWritesMax = 4096
  /// Bytes of one group: the largest write there can be fits several times.
  package static let groupBytesMax = 64 * 1024
  /// Groups of its own clients that a server holds, waiting for their outcome.
  package static let waitingGroupsMax = 1024
  /// Groups that a primary holds, waiting for room in the pipeline.
  package static let queuedGroupsMax = 2048
  /// Forwarded groups in flight to one primary.
  package static let forwardsMax = 32
  /// Reads that wait at a server.
  package static let waitingReadsMax = 16384
  /// Probes in flight.
  package static let probesMax = 2
  /// Those, and batches of reads that wait for a write in flight.
  package static let readBatchesMax = 64
  /// Ops and bytes of one state transfer message, beyond the uncommitted tail.
  package static let transferOpsMax: UInt64 = 64
  package static let transferBytesMax = 256 * 1024
  /// Bytes of a snapshot in one message.
  package static let snapshotChunkBytes = 64 * 1024
  /// Messages held back until the journal has synced.
  package static let heldMessagesMax = 4096
  /// Bytes of log that a primary adds to while a snapshot is on its way to a slow disk.
  package static let logBytesMax = 64 * 1024 * 1024
  /// How far the epoch number of a rebirth is ahead of any that was heard of.
  package static let rebirthLeap: UInt64 = 1 << 20
  /// Writes kept without a quorum, and their bytes.
  package static let overlayWritesMax = 65_536
  package static let overlayBytesMax = 8 * 1024 * 1024
  /// Bytes of them that are handed to the log together; one always goes.
  package static let mergeBytesMax = 16 * 1024
  /// Requests of one message to another server that is to see to them.
  package static let relayMax = 64
  /// Incarnations remembered of one server.
  package static let incarnationsKnownMax = 16
}

/// What may differ between clusters and simulations. Times in ticks of 10 ms.
package struct Options: Sendable {
  package var heartbeatTicks: Tick = 2
  /// Bounds of how long a server may be silent before it is suspected: between them it is learned.
  package var silenceTicksMin: Tick = 10
  package var silenceTicksMax: Tick = 36
  /// A primary that has had something to commit for so long, and has not, makes way.
  package var stuckTicks: Tick = 36
  package var pingTicks: Tick = 5
  package var voteTicks: Tick = 5
  package var viewChangeTicks: Tick = 30
  package var transferTicks: Tick = 8
  package var probeTicks: Tick = 8
  /// A probe goes to those who make a quorum; where it has not their answers after this, to all. 0: at once.
  package var hedgeTicks: Tick = 2
  package var forwardTicks: Tick = 20
  package var formationTicks: Tick = 8
  /// A member suspected for so long without pause is taken out of the configuration; 0: none ever is.
  package var evictTicks: Tick = 200
  /// How long a server that left the configuration is kept out: at first, and at most, where it leaves again soon
  /// after each return.
  package var returnTicks: Tick = 100
  package var returnTicksMax: Tick = 6000
  /// How long a process that is about to end tries to leave a quorum behind; 0: it only hands its view over.
  package var leaveTicks: Tick = 180
  /// A read that cannot be proven is refused after this.
  package var readRefuseTicks: Tick = 80
  /// A write that entered no log is refused after this.
  package var writeRefuseTicks: Tick = 80
  /// A write whose outcome is still open is given up after this.
  package var deadlineTicks: Tick = 400
  /// Without contact to a quorum for so long, a server has its clients' requests seen to by one that has, or answers
  /// without; 0: never.
  package var degradeTicks: Tick = 0
  /// Whether it answers without.
  package var answersDegraded = true
  /// Relayed reads that are not answered after this are asked for elsewhere.
  package var relayTicks: Tick = 20
  /// Bytes of log behind which a snapshot is taken.
  package var snapshotBytes = 4 * 1024 * 1024
  package var snapshotOps: UInt64 = 4096
  /// Ops kept behind a snapshot, for those that lag.
  package var retainedOps: UInt64 = 256
  #if QUORATE_MUTANTS
    package var removedRule: Rule?
  #endif

  package init() {}

  /// A loop that is late by so many ticks or more was held up: the replica is to be told, by `Event.stalled`.
  package var stallTicksMin: Tick { silenceTicksMin / 4 + 1 }

  /// Whether `rule` is in force: always, but in a test build that removes it.
  @inline(__always)
  package func holds(_ rule: Rule) -> Bool {
    #if QUORATE_MUTANTS
      return removedRule != rule
    #else
      return true
    #endif
  }
}
