import Bytes
import Journal
import VSR

/// What a journal holds, and the last state as it stands in it.
struct FoundJournal {
  var restored: Restored
  var state: [UInt8]
}

extension DiskOpener {
  /// Not the journal's: what was set aside, and what file systems put into their root.
  private static func isOthers(_ name: String) -> Bool {
    name.hasPrefix(SetAside.prefix) || name == "lost+found"
  }

  func opening(_ names: [String]) -> Opening {
    Opening(
      cluster: identity.cluster, address: identity.address, names: names.filter { !DiskOpener.isOthers($0) })
  }

  func list(then body: @escaping ([String]) -> Void) {
    files.list { [self] result in
      switch result {
      case .failure(let failure): fail(failure)
      case .success(let names): body(names)
      }
    }
  }

  private func read(_ name: JournalFile, then body: @escaping ([UInt8]) -> Void) {
    files.read(name) { [self] result in
      switch result {
      case .failure(let failure): fail(failure)
      case .success(let bytes): body(bytes)
      }
    }
  }

  /// Gives `opening` the files that it wants, one at a time.
  func read(_ opening: Opening, then body: @escaping (OpeningResult) -> Void) {
    guard let wanted = opening.wanted else {
      guard let result = opening.result else { preconditionFailure("nothing is wanted, and no result") }
      return body(result)
    }
    read(wanted) { [self] bytes in
      var opening = opening
      bytes.withUnsafeBytes { opening.give($0) }
      read(opening, then: body)
    }
  }

  /// Reads the files once more, for what they say.
  func restore(
    _ contents: JournalContents, then body: @escaping (Result<FoundJournal, Misfit>) -> Void
  ) {
    guard let op = contents.snapshot else { return restore(contents, snapshot: nil, body) }
    read(.snapshot(op)) { [self] in restore(contents, snapshot: $0, body) }
  }

  private func restore(
    _ contents: JournalContents, snapshot: [UInt8]?,
    _ body: @escaping (Result<FoundJournal, Misfit>) -> Void
  ) {
    do throws(Misfit) {
      let journal = try RestoredJournal(
        contents, snapshot: snapshot, hashKey: identity.hashKey, serverCount: identity.serverCount)
      restore(contents.segments[...], journal, body)
    } catch {
      body(.failure(error))
    }
  }

  private func restore(
    _ segments: ArraySlice<JournalContents.Segment>, _ journal: RestoredJournal,
    _ body: @escaping (Result<FoundJournal, Misfit>) -> Void
  ) {
    guard let segment = segments.first else { return body(DiskOpener.finish(journal)) }
    read(.segment(segment.sequence)) { [self] bytes in
      var journal = journal
      do throws(Misfit) {
        try journal.add(segment, bytes)
        restore(segments.dropFirst(), journal, body)
      } catch {
        body(.failure(error))
      }
    }
  }

  private static func finish(_ journal: RestoredJournal) -> Result<FoundJournal, Misfit> {
    do throws(Misfit) {
      let state = journal.state
      return .success(FoundJournal(restored: try journal.finish(), state: state))
    } catch {
      return .failure(error)
    }
  }
}
