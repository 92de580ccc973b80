/// On what and how a run was made: what is needed to make it again, and to compare it with another.
package struct Circumstances: Sendable {
  /// Of kvload.
  package var version = ""
  /// The arguments as given.
  package var arguments: [String] = []
  /// When it began, as RFC 3339 writes it, in UTC.
  package var began = ""
  /// The processor's model, as the kernel names it.
  package var cpu = ""
  package var processors = 0
  /// Name and release.
  package var kernel = ""

  package init() {}

  func put(into json: inout JSONWriter) {
    json.object { json in
      json.member("version", version)
      json.name("arguments")
      json.array { json in for argument in arguments { json.value(argument) } }
      json.member("began", began)
      json.member("cpu", cpu)
      json.member("processors", processors)
      json.member("kernel", kernel)
    }
  }
}
