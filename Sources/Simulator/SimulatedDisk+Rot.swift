import Journal
import VSR

// A device that changes what it was told to keep. What opening can find it must find: anything but zeros in the
// place of the very last sectors (docs/journal.md, "The exception").
extension SimulatedDisk {
  private enum Rot: CaseIterable {
    case bit
    case noise
    case misplacement
    case zeros
    case shortFile
    case missingFile
  }

  /// - Precondition: no process is there, and nothing is in the cache.
  mutating func rot(_ random: inout Random) {
    isRotten = true
    let names = files.names
    guard !names.isEmpty else { return }
    let rot = random.pick(Rot.allCases)
    if rot == .zeros, loseSector(&random) { return }
    let name = random.pick(names)
    if rot == .missingFile {
      files.perform(.remove(name))
      return files.perform(.syncDirectory)
    }
    files.file(name)?.rot { bytes in
      if !bytes.isEmpty { SimulatedDisk.change(&bytes, rot, &random) }
    }
  }

  private static func change(_ bytes: inout [UInt8], _ rot: Rot, _ random: inout Random) {
    let place = usedPlace(bytes, &random)
    let start = place / SimulatedFile.sectorSize * SimulatedFile.sectorSize
    let sector = start..<min(start + SimulatedFile.sectorSize, bytes.count)
    switch rot {
    case .bit, .zeros, .missingFile: bytes[place] ^= 1 << UInt8(random.below(8))
    case .noise: for index in sector { bytes[index] = UInt8(truncatingIfNeeded: random.next()) }
    case .misplacement:
      let other = random.below(bytes.count / SimulatedFile.sectorSize + 1) * SimulatedFile.sectorSize
      let source = other..<other + sector.count
      if other != start, source.upperBound <= bytes.count, bytes[source].contains(where: { $0 != 0 }) {
        bytes.replaceSubrange(sector, with: Array(bytes[source]))
      } else {
        bytes[place] ^= 1
      }
    case .shortFile: bytes.removeLast(1 + random.below(bytes.count))
    }
  }

  /// A sector that a later one vouches for reads as never written. False: there is none.
  private mutating func loseSector(_ random: inout Random) -> Bool {
    let segments = files.names.filter {
      if case .segment(let sequence) = $0 { sequence <= witnessed.sequence } else { false }
    }
    guard !segments.isEmpty else { return false }
    let name = random.pick(segments)
    let isLast = name == .segment(witnessed.sequence)
    let count = isLast ? witnessed.sector : settings.layout.sectorCount
    guard count > 0 else { return false }
    let start = random.below(count) * SimulatedFile.sectorSize
    files.file(name)?.rot { bytes in
      for index in start..<start + SimulatedFile.sectorSize { bytes[index] = 0 }
    }
    return true
  }

  /// Mostly where something is written.
  private static func usedPlace(_ bytes: [UInt8], _ random: inout Random) -> Int {
    var place = random.below(bytes.count)
    var attempts = 0
    while bytes[place] == 0, attempts < 20 {
      place = random.below(max(place, 1))
      attempts += 1
    }
    return place
  }
}
