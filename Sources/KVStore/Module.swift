// KVStore: the replicated state machine. Deterministic: no clock, no randomness, no I/O.
