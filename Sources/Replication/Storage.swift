import Disk
import VSR

/// Where the core's records go. In memory they are as good as synced at once.
enum Storage {
  case memory(recorded: JournalPosition)
  case disk(Disk)

  var isDurable: Bool {
    switch self {
    case .memory: false
    case .disk: true
    }
  }
}
