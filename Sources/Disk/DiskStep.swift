import Journal
import UV

/// One thing done to a journal's directory, as the kernel is asked for it. The orders in docs/journal.md are
/// sequences of these.
enum DiskStep: Hashable {
  /// A new empty file in place of what has that name, open for writing.
  case create(JournalFile)
  /// An existing file, open for writing; `synced`: every write is durable once it is complete.
  case open(JournalFile, synced: Bool)
  case write(JournalFile, offset: Int, [UInt8])
  /// Zeros, a slice at a time.
  case blank(JournalFile, from: Int, to: Int)
  case sync(JournalFile)
  case close(JournalFile)
  case rename(JournalFile, to: JournalFile)
  case remove(JournalFile)
  case syncDirectory
  /// The directory's own name, in the one above.
  case syncParent
  /// A subdirectory for what is set aside.
  case makeDirectory(String)
  case setAside(JournalFile, in: String)
  case syncSubdirectory(String)
}

/// For tests: sees each step as it begins and as it ends, with `append` for a write of records, and may put an
/// error in the place of its outcome.
struct DiskProbe {
  enum Operation: Hashable {
    case step(DiskStep)
    case append(JournalFile, offset: Int, count: Int)
  }

  var begins: (Operation) -> Void = { _ in }
  var ended: (Operation) -> UVError? = { _ in nil }
}
