import CLibUV

/// Raises the number of descriptors that the process may have to the hard limit, and returns what it is then.
/// It stays what it was when the system refuses.
@discardableResult
package func raiseDescriptorLimit() -> Int {
  setDescriptorLimit(.max)
  return descriptorLimit()
}

/// How many descriptors the process may have now.
package func descriptorLimit() -> Int {
  Int(clamping: uvx_descriptor_limit())
}

/// Sets how many descriptors the process may have, up to the hard limit.
package func setDescriptorLimit(_ count: Int) {
  uvx_set_descriptor_limit(UInt64(count))
}

/// A write to a dead peer is an error of that write, not the end of the process. libuv leaves this to us.
package func ignoreBrokenPipes() {
  uvx_ignore_broken_pipes()
}

/// Waking, this thread and those it begins no longer take a processor from a process at work: they take one that is free
/// at once, and else wait for their turn, with more to do by then (Linux's SCHED_BATCH, sched(7)). Does nothing where the
/// process was started with another policy than the usual one: somebody chose it.
package func preferBatches() {
  uvx_prefer_batches()
}

/// Gives the system back the pages that nothing on the heap uses (malloc_trim(3)). Takes a millisecond or so for tens of
/// megabytes.
package func returnFreeMemory() {
  uvx_return_free_memory()
}

/// Bytes of the system's generator, fit for secrets.
package func randomBytes(count: Int) -> [UInt8] {
  [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
    let result = uv_random(nil, nil, buffer.baseAddress, count, 0, nil)
    precondition(result == 0, "the system has no randomness")
    filled = count
  }
}

/// The clocks that are not the loop's.
package enum Clock {
  /// Nanoseconds of the monotonic clock, taken now.
  package static var nanoseconds: UInt64 { uv_hrtime() }

  /// Milliseconds since 1970 by the machine's clock, which may jump: for people and headers only.
  package static var wallMilliseconds: UInt64 {
    var time = uv_timeval64_t()
    uv_gettimeofday(&time)
    return UInt64(time.tv_sec) * 1000 + UInt64(time.tv_usec) / 1000
  }
}
