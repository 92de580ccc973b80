import UV
import VSR
import Wire
import XCTest

@testable import Transport

/// Links that come and go under load: whatever arrives is in order and whole.
final class ChurnTests: TransportTestCase {
  /// Each server numbers what it sends to each other one; what comes over one link has numbers that only rise,
  /// whatever connections it had.
  func testMessagesOfAPairNeverGoBack() throws {
    var times = PeerTimes.patient
    (times.redialMin, times.redialMax) = (1, 4)
    let all = try cluster(4, times: times)
    var state: UInt64 = 3
    var next: UInt64 = 0
    var rounds = 0
    var received = [[UInt64]](repeating: [], count: 16)
    for server in all {
      server.onNews = { news in
        guard case .received(let message) = news, case .probe(let probe) = message.payload else { return }
        received[message.from * 4 + server.index].append(probe.id)
      }
    }
    run {
      rounds += 1
      let draw = self.randomBytes(2, &state)
      for from in all where from.peers != nil {
        for to in 0..<4 where to != from.index {
          next += 1
          from.send(.probe(Probe(id: next)), to: to)
        }
        from.flush()
      }
      if draw[0] < 10 {
        let victim = all[Int(draw[1]) % 4]
        victim.peers.close()
        try? victim.join(all.map(\.text), times: times)
      }
      return rounds == 1500
    }
    for pair in received where !pair.isEmpty { XCTAssertEqual(pair, pair.sorted()) }
    XCTAssertEqual(received.filter { $0.count > 50 }.count, 12)
    run { all.allSatisfy(self.isWhollyLinked) }
  }
}
