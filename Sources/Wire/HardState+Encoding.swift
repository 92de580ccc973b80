import Bytes
import VSR

// What a journal stores of the core, as payloads of its records. The state says which format it is of; it
// precedes every entry of its segment.

/// The format of journal payloads.
package let payloadVersion: UInt8 = 1

extension [UInt8] {
  package mutating func put(_ state: HardState) {
    put(payloadVersion)
    state.epoch.put(into: &self)
    putVarint(state.view)
    putVarint(state.logView)
    putVarint(state.commit)
    put(flag: state.agreed != nil)
    if let agreed = state.agreed { put(vector: agreed) }
    putVarint(state.epochHeard)
  }
}

extension FieldReader {
  mutating func takeHardState() throws(MalformedBytes) -> HardState {
    guard try bytes.take(UInt8.self) == payloadVersion else { throw MalformedBytes() }
    return HardState(
      epoch: try takeEpoch(), view: try takeNumber(), logView: try takeNumber(), commit: try takeNumber(),
      agreed: try takeFlag() ? try takeVector() : nil, epochHeard: try takeNumber())
  }
}
