// VSR: Viewstamped Replication as a pure function of events. No clock, no randomness, no I/O.
