/// What the curves show of a second of the run, or of several where there are too many.
struct Moment {
  /// Seconds since the load of the first run began.
  var begin: Double
  var end: Double
  let isWarmup: Bool
  /// A second; nil in a closed loop.
  let target: UInt64?
  private(set) var successes: UInt64
  private(set) var labelled: UInt64
  /// None of them 0.
  private(set) var errors: [(name: String, count: UInt64)]
  /// Nanoseconds; of several seconds the highest. 0: there was no success.
  private(set) var median: UInt64
  private(set) var percentile99: UInt64
  private(set) var max: UInt64
  private(set) var inFlight: Int
  private(set) var backlog: UInt64
  /// Who was known to be primary at its end.
  private(set) var cluster: ClusterView?

  /// Points of a curve; more could not be told apart on the page.
  static let countMax = 500

  private init(_ interval: Interval, target: UInt64?, after start: Double) {
    end = start + interval.end
    begin = Swift.max(start, end - Double(interval.length) / Double(Schedule.second))
    (isWarmup, self.target) = (interval.isWarmup, target)
    (successes, labelled, errors) = (interval.successes, interval.labelled, interval.errors.named)
    (median, percentile99, max) = (interval.median, interval.percentile99, interval.max)
    (inFlight, backlog, cluster) = (interval.inFlight, interval.backlog, interval.cluster)
  }

  var middle: Double { (begin + end) / 2 }
  var length: Double { end - begin }
  /// Of so many in so long, how many a second.
  func perSecond(_ count: UInt64) -> Double { length > 0 ? Double(count) / length : 0 }

  private mutating func append(_ later: Moment) {
    end = later.end
    successes += later.successes
    labelled += later.labelled
    for error in later.errors {
      if let index = errors.firstIndex(where: { $0.name == error.name }) {
        errors[index].count += error.count
      } else {
        errors.append(error)
      }
    }
    median = Swift.max(median, later.median)
    percentile99 = Swift.max(percentile99, later.percentile99)
    max = Swift.max(max, later.max)
    inFlight = Swift.max(inFlight, later.inFlight)
    backlog = Swift.max(backlog, later.backlog)
    cluster = later.cluster ?? cluster
  }

  /// Of all runs one after another, each run's apart.
  static func all(of steps: [LoadResult]) -> [[Moment]] {
    let count = steps.reduce(0) { $0 + $1.intervals.count }
    let group = (count + countMax - 1) / countMax
    var start = 0.0
    return steps.map { step in
      let moments = all(of: step, after: start, inGroupsOf: group)
      start += step.intervals.last?.end ?? 0
      return moments
    }
  }

  private static func all(of step: LoadResult, after start: Double, inGroupsOf group: Int) -> [Moment] {
    var target: UInt64?
    if case .open(let rate) = step.options.pace { target = rate }
    var (moments, taken): ([Moment], Int) = ([], 0)
    for interval in step.intervals {
      let moment = Moment(interval, target: target, after: start)
      // The rest of a second is too short for a rate of its own.
      let isRest = interval.length < LoadRun.shownMin
      if let last = moments.last, last.isWarmup == moment.isWarmup, taken < group || isRest {
        moments[moments.count - 1].append(moment)
      } else {
        moments.append(moment)
        taken = 0
      }
      taken += 1
    }
    return moments
  }
}
