import VSR
import XCTest

@testable import Replication

/// What the status says in one line.
final class StatusSentenceTests: XCTestCase {
  private typealias Absence = Outlook.Absence

  private var names = ["a:1", "b:1", "c:1", "d:1", "e:1", "f:1", "g:1"]
  private let second = DriverClock.ticksPerSecond

  private func configuration(_ servers: some Sequence<ServerIndex>, heavy: ServerIndex = 0) -> Configuration {
    Configuration(incarnations: servers.map { ($0, UInt64($0) + 1) }, heavy: heavy)
  }

  /// With `missing` from a configuration of as many as there are names; seconds, by server.
  private func outlook(
    _ configuration: Configuration, _ standing: Replica.Standing = .normal,
    missing: [ServerIndex: Tick] = [:],
    others: [Absence] = [], isShrinking: Bool = true
  ) -> Outlook {
    let away = Set(missing.keys).union(others.map(\.server))
    let present = ServerMask(configuration.members.map(\.server).filter { !away.contains($0) })
    let absences =
      missing.map { server, seconds in
        Absence(
          server, .missing(seconds * second), weight: configuration.member(at: server)?.weight ?? 0)
      } + others
    let prospect = Prospect(configuration, present: present, isShrinking: isShrinking)
    return Outlook(
      standing: standing, isServing: standing == .normal, isMember: true, configuration: configuration,
      present: present, absences: absences.sorted { $0.server < $1.server }, prospect: prospect)
  }

  private func expect(
    _ outlook: Outlook, of count: Int, _ text: String, isDurable: Bool = true, file: StaticString = #filePath,
    line: UInt = #line
  ) {
    XCTAssertEqual(
      StatusSentence.text(for: outlook, names: Array(names.prefix(count)), isDurable: isDurable), text,
      file: file, line: line)
  }

  func testAllPresent() {
    let expected = [
      "survives no failure: it is the only server", "survives 1 more failure but that of a:1",
      "survives 1 more failure", "survives 1 more failure, 2 if they come apart",
      "survives 2 more failures, 3 if they come apart", "survives 2 more failures, 4 if they come apart",
      "survives 3 more failures, 5 if they come apart",
    ]
    for (index, text) in expected.enumerated() {
      expect(outlook(configuration(0...index)), of: index + 1, "linearizable; " + text)
    }
    expect(
      outlook(configuration(0..<4), isShrinking: false), of: 4, "linearizable; survives 1 more failure")
  }

  func testSomeMissing() {
    let four = configuration(0..<4)
    expect(
      outlook(four, missing: [3: 1]), of: 4,
      "linearizable; survives 1 more failure but that of a:1, any 1 if it comes later; d:1 missing for 1.0 s")
    expect(
      outlook(four, missing: [0: 1]), of: 4,
      "linearizable; survives no more failure now, 1 if it comes later; a:1 missing for 1.0 s")
    expect(
      outlook(four, missing: [2: 1, 3: 15]), of: 4,
      "linearizable; survives no more failure; c:1 missing for 1.0 s, d:1 for 15 s")
    expect(
      outlook(configuration(0..<3), missing: [3: 40]), of: 4,
      "linearizable; survives 1 more failure; d:1 missing for 40 s")
    expect(
      outlook(configuration(0..<7), missing: [4: 1, 5: 1, 6: 1]), of: 7,
      "linearizable; survives no more failure now, 2 if they come apart; "
        + "e:1 missing for 1.0 s, f:1 for 1.0 s, g:1 for 1.0 s")
    expect(
      outlook(configuration(0..<1), missing: [2: 30], others: [Absence(1, .learning, weight: 0)]), of: 3,
      "linearizable; survives no more failure; c:1 missing for 30 s, b:1 is catching up")
  }

  func testALearnerServesToo() {
    var learner = outlook(configuration(1..<4, heavy: 1))
    learner.isMember = false
    expect(learner, of: 4, "linearizable, not a member yet; survives 1 more failure")
    learner.prospect = nil
    expect(learner, of: 4, "linearizable, not a member yet; the members are just changing")
  }

  func testBelowAQuorum() {
    let four = configuration(0..<4)
    expect(
      outlook(four, .quorumLost, missing: [0: 12, 1: 3, 2: 3]), of: 4,
      "no quorum: weight 1 of 5 in contact, 3 needed; a:1 missing for 12 s, b:1 for 3.0 s, c:1 for 3.0 s; "
        + "ends when a:1 (weight 2), or both of b:1, c:1 are back; "
        + "if they are gone for good: kvclient recover --without a:1,b:1,c:1")
    expect(
      outlook(four, .quorumLost, missing: [1: 130, 2: 3, 3: 3]), of: 4,
      "no quorum: weight 2 of 5 in contact, 3 needed; b:1 missing for 2 min, c:1 for 3.0 s, d:1 for 3.0 s; "
        + "ends when one of b:1, c:1, d:1 is back; "
        + "if they are gone for good: kvclient recover --without b:1,c:1,d:1")
    expect(
      outlook(configuration(0..<2), .quorumLost, missing: [0: 12]), of: 2,
      "no quorum: weight 1 of 3 in contact, 2 needed; a:1 missing for 12 s; ends when a:1 is back; "
        + "if it is gone for good: kvclient recover --without a:1")
    expect(
      outlook(configuration(0..<2), .quorumLost, missing: [0: 12]), of: 2,
      "no quorum: weight 1 of 3 in contact, 2 needed; a:1 missing for 12 s; "
        + "ends when a:1 is back without a restart; if it is gone for good: kvclient recover --without a:1",
      isDurable: false)
    // One that is no member cannot end it, but must be named to go on without it.
    expect(
      outlook(configuration(0..<2, heavy: 1), .quorumLost, missing: [1: 12, 2: 60]), of: 3,
      "no quorum: weight 1 of 3 in contact, 2 needed; b:1 missing for 12 s, c:1 for 60 s; "
        + "ends when b:1 is back; if they are gone for good: kvclient recover --without b:1,c:1")
    expect(
      outlook(configuration(0..<7), .quorumLost, missing: [1: 9, 2: 9, 3: 9, 4: 9, 5: 9, 6: 9]), of: 7,
      "no quorum: weight 1 of 7 in contact, 4 needed; "
        + "b:1 missing for 9.0 s, c:1 for 9.0 s, d:1 for 9.0 s, e:1 for 9.0 s, f:1 for 9.0 s, g:1 for 9.0 s; "
        + "ends when 3 of b:1, c:1, d:1, e:1, f:1, g:1 are back; "
        + "if they are gone for good: kvclient recover --without b:1,c:1,d:1,e:1,f:1,g:1")
    expect(
      outlook(configuration(0..<6), .quorumLost, missing: [0: 9, 2: 9, 3: 9, 4: 9, 5: 9]), of: 6,
      "no quorum: weight 1 of 7 in contact, 4 needed; "
        + "a:1 missing for 9.0 s, c:1 for 9.0 s, d:1 for 9.0 s, e:1 for 9.0 s, f:1 for 9.0 s; "
        + "ends when a:1 (weight 2) and one of c:1, d:1, e:1, f:1, or 3 of c:1, d:1, e:1, f:1 are back; "
        + "if they are gone for good: kvclient recover --without a:1,c:1,d:1,e:1,f:1")
  }

  /// A member's life that is over ends nothing by coming back.
  func testOnlyThoseWhoCanReturnAreWaitedFor() {
    let over = Absence(1, .replaced, weight: 1, isOver: true)
    expect(
      outlook(configuration(0..<4), .quorumLost, missing: [0: 12, 2: 3], others: [over]), of: 4,
      "no quorum: weight 1 of 5 in contact, 3 needed; "
        + "a:1 missing for 12 s, c:1 for 3.0 s, b:1 is back without its state; ends when a:1 (weight 2) is back; "
        + "if they are gone for good: kvclient recover --without a:1,c:1")
    let both = [over, Absence(2, .replaced, weight: 1, isOver: true)]
    expect(
      outlook(configuration(0..<3), .quorumLost, others: both), of: 3,
      "the state of a quorum is lost: begins anew, with what is left, when all others are in contact; "
        + "b:1 is back without its state, c:1 is back without its state")
  }

  func testTheOtherStandings() {
    let three = configuration(0..<3)
    expect(
      outlook(three, .viewChange, missing: [0: 0]), of: 3,
      "a new primary is being found; a:1 missing for 0.0 s")
    var behind = outlook(three, .catchingUp)
    expect(behind, of: 3, "catching up: looking for the view")
    (behind.executed, behind.target) = (17, 42)
    expect(behind, of: 3, "catching up: op 17 of 42")
    let unreached = Absence(2, .neverReached(7 * second), weight: 0)
    expect(
      outlook(.empty, .unborn, others: [Absence(1, .learning, weight: 0), unreached]), of: 3,
      "waits for all servers, to begin; c:1 not reached in 7.0 s; "
        + "if it is gone for good: kvclient recover --without c:1")
    expect(outlook(.empty, .unborn), of: 3, "all servers are in contact, and about to begin")
  }

  func testDurations() {
    let cases: [(Tick, String)] = [
      (0, "0.0 s"), (9, "0.0 s"), (123, "1.2 s"), (999, "9.9 s"), (1000, "10 s"), (11_999, "119 s"),
      (12_000, "2 min"), (719_999, "119 min"), (720_000, "2 h"), (17_280_000, "2 d"),
    ]
    for (ticks, text) in cases { XCTAssertEqual(StatusSentence.duration(ticks), text) }
  }

  /// Whatever the servers are called and wherever they are, it is one line of bounded length.
  func testTheLengthIsBounded() {
    for length in [9, 60, 253] {
      names = (0..<7).map { String(repeating: "x", count: length) + "\($0):65535" }
      for count in 1...7 {
        for bits in 0..<UInt8(1 << count) {
          for standing in [Replica.Standing.normal, .quorumLost, .unborn] {
            let away = (1..<max(2, count)).filter { bits & (1 << UInt8($0)) != 0 && $0 < count }
            let missing = Dictionary(uniqueKeysWithValues: away.map { ($0, 2000 * second) })
            let seen = outlook(configuration(0..<count), standing, missing: missing)
            guard standing == .unborn || (seen.prospect == nil) == (standing == .quorumLost) else { continue }
            let text = StatusSentence.text(for: seen, names: Array(names.prefix(count)), isDurable: false)
            XCTAssertLessThanOrEqual(text.utf8.count, StatusSentence.bytesMax)
            XCTAssertFalse(text.contains("\n"))
            for server in away { XCTAssertTrue(text.contains("\(server):65535"), text) }
          }
        }
      }
    }
  }

  func testTheCommandIsSpeltOutWhereItFits() {
    let seen = outlook(configuration(0..<4), .quorumLost, missing: [0: 1, 1: 1, 2: 1])
    names = (0..<4).map { String(repeating: "x", count: 100) + "\($0):65535" }
    let text = StatusSentence.text(for: seen, names: names, isDurable: true)
    XCTAssertTrue(text.hasSuffix("gone for good: kvclient recover"), text)
    XCTAssertTrue(text.contains(names[0]), "names are cut only where that is not enough")
  }
}
