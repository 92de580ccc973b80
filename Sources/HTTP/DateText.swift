import Bytes

/// Moments in the forms that are read elsewhere.
package enum DateText {
  static let length = 29

  /// The `Date` field's form, `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7): `seconds` since 1970-01-01 00:00 UTC, without leap seconds; up to the year 9999.
  static func put(seconds: UInt64, into output: inout [UInt8]) {
    let days = seconds / 86_400
    let time = seconds % 86_400
    let date = civil(days: days)
    output.put(weekdays[Int((days + 4) % 7)])
    output.put(", ")
    putTwoDigits(date.day, into: &output)
    output.put(months[Int(date.month) - 1])
    output.putDecimal(date.year)
    output.put(" ")
    putTwoDigits(time / 3600, into: &output)
    output.put(":")
    putTwoDigits(time / 60 % 60, into: &output)
    output.put(":")
    putTwoDigits(time % 60, into: &output)
    output.put(" GMT")
  }

  /// The form of RFC 3339 §5.6, `1994-11-06T08:49:37.000Z`: `milliseconds` since 1970-01-01 00:00 UTC, without leap
  /// seconds; what lies behind the year 9999 is its last moment.
  package static func put(milliseconds: UInt64, into output: inout [UInt8]) {
    let milliseconds = min(milliseconds, 253_402_300_799_999)
    let time = milliseconds / 1000 % 86_400
    let date = civil(days: milliseconds / 86_400_000)
    output.putDecimal(date.year)
    let parts: [(StaticString, UInt64)] = [
      ("-", date.month), ("-", date.day), ("T", time / 3600), (":", time / 60 % 60), (":", time % 60),
    ]
    for (separator, value) in parts {
      output.put(separator)
      putTwoDigits(value, into: &output)
    }
    output.put(milliseconds % 1000 < 100 ? ".0" : ".")
    putTwoDigits(milliseconds % 1000, into: &output)
    output.put("Z")
  }

  private static let weekdays: [StaticString] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  private static let months: [StaticString] = [
    " Jan ", " Feb ", " Mar ", " Apr ", " May ", " Jun ", " Jul ", " Aug ", " Sep ", " Oct ", " Nov ",
    " Dec ",
  ]

  private static func putTwoDigits(_ value: UInt64, into output: inout [UInt8]) {
    if value < 10 { output.put("0") }
    output.putDecimal(value)
  }

  /// The Gregorian date of a day since 1970-01-01, by counting years from March, so that the leap day comes last.
  private static func civil(days: UInt64) -> (year: UInt64, month: UInt64, day: UInt64) {
    let sinceEra = days + 719_468
    let era = sinceEra / 146_097
    let dayOfEra = sinceEra % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }
}
