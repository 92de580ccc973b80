import Bytes
import HTTP

/// What is asked of the servers, whichever of them it will be.
package struct Call: Sendable {
  package enum Action: Sendable {
    case read(key: [UInt8])
    case write(key: [UInt8], value: [UInt8])
    case remove(key: [UInt8])
    /// GET of a server's own path, such as `/-/dump`.
    case inspect(StaticString)
    /// POST to a server's own path, with this body.
    case command(StaticString, body: [UInt8] = [])
  }

  package enum Condition: Equatable, Sendable {
    case none
    /// The key's value is still the one of this tag.
    case ifMatch(EntityTag)
    /// The key has no value.
    case ifAbsent
  }

  package let action: Action
  package let demand: Errand.Demand
  package let condition: Condition

  /// Key and value must keep `TextRules`. A condition goes with writing and removing.
  package init(_ action: Action, demand: Errand.Demand = .best, condition: Condition = .none) {
    self.action = action
    self.demand = demand
    self.condition = condition
  }

  package var kind: Errand.Kind {
    switch action {
    case .read, .inspect: .read
    case .write, .remove: .write
    case .command: .command
    }
  }

  /// Appends the whole request; `idempotencyKey` is carried by writes only.
  func put(with writer: RequestWriter, key idempotencyKey: IdempotencyKey, into output: inout [UInt8]) {
    var options = RequestWriter.Options()
    options.demand = httpDemand
    switch condition {
    case .none: break
    case .ifMatch(let tag): options.ifMatch = tag
    case .ifAbsent: options.isCreation = true
    }
    if kind == .write { options.idempotencyKey = idempotencyKey.text }
    switch action {
    case .read(let key): key.withUnsafeBytes { writer.putRead(key: $0, options: options, into: &output) }
    case .remove(let key): key.withUnsafeBytes { writer.putRemove(key: $0, options: options, into: &output) }
    case .write(let key, let value):
      key.withUnsafeBytes { key in
        value.withUnsafeBytes { writer.putWrite(key: key, value: $0, options: options, into: &output) }
      }
    case .inspect(let path): writer.putAdmin(.get, path: path, options: options, into: &output)
    case .command(let path, let body):
      writer.putAdmin(.post, path: path, body: body, options: options, into: &output)
    }
  }

  private var httpDemand: ConsistencyDemand {
    switch (demand, action) {
    case (.linearizable, _): .linearizable
    case (.any, .read): .local
    case (.any, _), (.best, _): .unspecified
    }
  }

  /// True where the body of a 200 is one that answers this call: `key=…`.
  func isAnswered(by body: [UInt8]) -> Bool {
    switch action {
    case .read(let key), .write(let key, _), .remove(let key):
      body.count > key.count && body.starts(with: key) && body[key.count] == UInt8(ascii: "=")
    case .inspect, .command: true
    }
  }
}

extension IdempotencyKey {
  /// As the header carries it.
  var text: [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(40)
    text.putDecimal(milliseconds)
    text.append(UInt8(ascii: "-"))
    text += hexadecimal(random).utf8
    return text
  }
}
