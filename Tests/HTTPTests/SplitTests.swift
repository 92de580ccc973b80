import Foundation
import HTTP
import XCTest

/// Any split of an input into pieces gives the same result as the whole.
final class SplitTests: XCTestCase {
  private typealias Input = (name: String, bytes: [UInt8])

  /// Inputs up to this length are cut at every place, longer ones at some.
  private static let exhaustiveMax = 1200

  func testRequestsInAnySplit() {
    for input in Self.samples + Self.corpus("request") {
      for end in [nil, RequestParser.End.ofInput, .silence] {
        check(input) { Transcript.requests($0, end: end).lines }
      }
    }
  }

  func testPipelinesInAnySplit() {
    for input in Self.pairs { check(input) { Transcript.requests($0, end: .ofInput).lines } }
  }

  func testResponsesInAnySplit() {
    for input in ResponseSamples.all.map({ ($0.name, $0.input) }) + Self.corpus("response") {
      for isHead in [false, true] {
        check(input) { Transcript.responses($0, isHead: isHead).lines }
      }
    }
  }

  func testSeededMutationsInRandomSplits() {
    var random = Random(seed: 739)
    for input in Self.samples + Self.corpus("request") where input.bytes.count < Self.exhaustiveMax {
      for _ in 0..<40 {
        let mutated = random.mutate(input.bytes)
        let whole = Transcript.requests(Pieces.whole(mutated), end: .ofInput).lines
        let pieces = Pieces.random(mutated, seed: random.next())
        XCTAssertEqual(Transcript.requests(pieces, end: .ofInput).lines, whole, "\(mutated)")
      }
    }
  }

  private func check(_ input: Input, _ transcript: ([ArraySlice<UInt8>]) -> [String]) {
    let whole = transcript(Pieces.whole(input.bytes))
    XCTAssertEqual(transcript(Pieces.bytewise(input.bytes)), whole, "\(input.name), byte by byte")
    let step = input.bytes.count <= Self.exhaustiveMax ? 1 : input.bytes.count / 40
    for index in stride(from: 0, through: input.bytes.count, by: step) {
      XCTAssertEqual(transcript(Pieces.two(input.bytes, at: index)), whole, "\(input.name), cut at \(index)")
    }
    for seed in UInt64(1)...20 {
      XCTAssertEqual(transcript(Pieces.random(input.bytes, seed: seed)), whole, "\(input.name), seed \(seed)")
    }
  }

  private static let samples: [Input] = (ClassicSamples.all + StandardSamples.all).map { ($0.name, $0.input) }

  /// Each short sample behind a kept one, and before one.
  private static let pairs: [Input] = samples.filter { $0.bytes.count < 300 }.map { name, bytes in
    let kept = Array(StandardSamples.get("/first%20=1").utf8)
    return ("\(name), in a pipeline", kept + bytes + kept)
  }

  private static func corpus(_ kind: String) -> [Input] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Corpus")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasPrefix(kind) }.sorted().map { name in
      let data = FileManager.default.contents(atPath: folder.appendingPathComponent(name).path)
      return (name, Array(data ?? Data()))
    }
  }

  func testCorpusIsThere() {
    XCTAssertGreaterThan(Self.corpus("request").count, 20)
    XCTAssertGreaterThan(Self.corpus("response").count, 5)
  }
}

/// SplitMix64, and changes to bytes drawn from it.
struct Random {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed >> 31
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

  /// One to four bytes changed, put in, taken out or doubled.
  mutating func mutate(_ bytes: [UInt8]) -> [UInt8] {
    let favourites = Array("\r\n\0 :%=[]/;,\"0aF\t".utf8)
    var result = bytes
    for _ in 0...below(4) {
      let index = below(result.count + 1)
      switch below(4) {
      case 0 where index < result.count: result[index] = UInt8(truncatingIfNeeded: next())
      case 1 where index < result.count: result.remove(at: index)
      case 2 where index < result.count: result.insert(result[index], at: index)
      default: result.insert(favourites[below(favourites.count)], at: index)
      }
    }
    return result
  }
}
