import KVStore
import VSR

/// What a replica driver is told when it is made.
package struct DriverOptions: Sendable {
  /// Of this program: shown in status, compared with nobody's.
  package var version: String
  package var limits: Limits
  package var hashKey: HashKey
  package var replica: Options

  package init(version: String, limits: Limits, hashKey: HashKey, replica: Options = Options()) {
    (self.version, self.limits, self.hashKey, self.replica) = (version, limits, hashKey, replica)
  }
}
