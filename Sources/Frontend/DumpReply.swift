import HTTP
import KVStore

/// A dump under way.
final class DumpReply {
  let store: Store
  var writer: DumpWriter
  let reply: Reply
  var slice: [UInt8] = []

  init(_ store: Store, _ reply: Reply) {
    self.store = store
    writer = DumpWriter(store)
    self.reply = reply
  }
}

extension Connection {
  func beginDump(_ store: Store, _ reply: Reply) {
    var reply = reply
    reply.isStreamed = true
    if !reply.form.isHTTP11 { reply.form.keepsAlive = false }
    if !reply.form.keepsAlive { takesNoMore = true }
    frontend.writer.putHead(reply, into: &output)
    guard !reply.form.isHead else { return didReply(reply.form) }
    dump = DumpReply(store, reply)
    frontend.dumping.append(self)
  }

  /// One slice, if the client has taken the one before.
  func continueDump() {
    guard let dump, stream.pendingWriteBytes == 0 else { return }
    dump.slice.removeAll(keepingCapacity: true)
    let isMore = dump.writer.write(atMost: FrontendOptions.dumpSliceBytes, to: &dump.slice)
    frontend.writer.put(dump.reply, part: dump.slice, into: &output)
    if isMore { return frontend.continueSoon() }
    frontend.writer.putEnd(of: dump.reply, into: &output)
    endDump()
    didReply(dump.reply.form)
    markDirty()
  }

  /// What only the dump still held of the store is freed later, slice by slice.
  func endDump() {
    guard let dump else { return }
    self.dump = nil
    frontend.retired.append(dump.store)
    frontend.continueSoon()
  }
}

extension Frontend {
  /// Marks the connections whose next slice can be made. False: none.
  func wakeDumps() -> Bool {
    dumping.removeAll { $0.dump == nil || $0.phase == .closed }
    var isAny = false
    for connection in dumping where connection.stream.pendingWriteBytes == 0 {
      connection.markDirty()
      isAny = true
    }
    return isAny
  }
}
