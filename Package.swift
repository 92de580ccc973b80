// swift-tools-version: 6.1
// Layers point down only; Tests/TidyTests holds the import table.
import PackageDescription

/// The programs carry the Swift runtime with them: no Swift is needed where they run, and a process starts
/// in under half the time that loading the runtime's libraries takes.
let standalone: [LinkerSetting] = [.unsafeFlags(["-static-stdlib"], .when(configuration: .release))]

/// Small functions of one layer are inlined into the next.
let optimized: [SwiftSetting] = [
  .unsafeFlags(
    ["-cross-module-optimization", "-enforce-exclusivity=unchecked"], .when(configuration: .release))
]

let package = Package(
  name: "quorate",
  products: [
    .executable(name: "kvnode", targets: ["KVNode"]),
    .executable(name: "kvclient", targets: ["KVClient"]),
    .executable(name: "kvload", targets: ["KVLoad"]),
    .executable(name: "kvsim", targets: ["KVSim"]),
    .executable(name: "kvdrill", targets: ["KVDrill"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", exact: "0.2.0"),
  ],
  targets: [
    // C
    .systemLibrary(name: "CLibUV", pkgConfig: "libuv", providers: [.apt(["libuv1-dev"])]),
    .systemLibrary(name: "CGetopt"),
    // ground
    .target(name: "Bytes"),
    .target(name: "UV", dependencies: ["CLibUV"]),
    // core
    .target(name: "KVStore", dependencies: ["Bytes"]),
    .target(name: "VSR", dependencies: ["Bytes", "KVStore"]),
    // codecs
    .target(name: "HTTP", dependencies: ["Bytes"]),
    .target(name: "Servers", dependencies: ["Bytes"]),
    .target(name: "Wire", dependencies: ["Bytes", "KVStore", "VSR"]),
    .target(name: "Journal", dependencies: ["Bytes"]),
    .target(name: "History"),
    .target(name: "Faults", dependencies: ["History"]),
    .target(name: "Scenario", dependencies: ["Bytes", "KVStore", "VSR"]),
    // shell
    .target(name: "Transport", dependencies: ["Bytes", "UV", "Servers", "VSR", "Wire"]),
    .target(name: "Frontend", dependencies: ["Bytes", "UV", "HTTP", "KVStore"]),
    .target(name: "Disk", dependencies: ["Bytes", "UV", "KVStore", "VSR", "Wire", "Journal"]),
    .target(name: "Client", dependencies: ["Bytes", "UV", "HTTP", "Servers"]),
    .target(
      name: "Simulator", dependencies: ["Bytes", "KVStore", "VSR", "Wire", "Journal", "History", "Faults"]),
    .target(name: "Drill", dependencies: ["Bytes", "UV", "HTTP", "Servers", "History", "Faults"]),
    .target(
      name: "Load",
      dependencies: [
        "Bytes", "UV", "HTTP", "Servers", "History",
        .product(name: "Histogram", package: "hdrhistogram-swift"),
      ]),
    .target(
      name: "Replication",
      dependencies: [
        "Bytes", "UV", "HTTP", "Servers", "KVStore", "VSR", "Wire", "Frontend", "Transport", "Disk",
      ]),
    .target(
      name: "Arguments", dependencies: [.product(name: "ArgumentParser", package: "swift-argument-parser")]),
    // programs
    .executableTarget(
      name: "KVNode",
      dependencies: [
        "Bytes", "UV", "HTTP", "Servers", "KVStore", "VSR", "Frontend", "Disk", "Replication", "CGetopt",
      ],
      linkerSettings: standalone),
    .executableTarget(
      name: "KVClient", dependencies: ["Bytes", "UV", "HTTP", "Servers", "Client", "CGetopt"],
      linkerSettings: standalone),
    .executableTarget(
      name: "KVSim",
      dependencies: [
        "Arguments", "Bytes", "VSR", "Simulator", "Faults",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .executableTarget(
      name: "KVDrill",
      dependencies: [
        "Arguments", "Drill", "Faults", "Servers",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .executableTarget(
      name: "KVLoad",
      dependencies: [
        "Arguments", "UV", "Servers", "Load",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    // tests
    .target(
      name: "Support", dependencies: ["Bytes", "UV", "HTTP", "KVStore", "Frontend"], path: "Tests/Support"),
    .testTarget(name: "BytesTests", dependencies: ["Bytes"]),
    .testTarget(name: "UVTests", dependencies: ["UV"]),
    .testTarget(name: "KVStoreTests", dependencies: ["KVStore", "Bytes"]),
    .testTarget(name: "VSRTests", dependencies: ["VSR", "KVStore", "Bytes"]),
    .testTarget(name: "HTTPTests", dependencies: ["HTTP", "Bytes"], exclude: ["Corpus"]),
    .testTarget(name: "ServersTests", dependencies: ["Servers", "Bytes"]),
    .testTarget(name: "WireTests", dependencies: ["Wire", "VSR", "KVStore", "Bytes"]),
    .testTarget(name: "JournalTests", dependencies: ["Support", "Journal", "Bytes"]),
    .testTarget(name: "HistoryTests", dependencies: ["Support", "History"]),
    .testTarget(
      name: "ScenarioTests", dependencies: ["Scenario", "VSR"], exclude: ["Scenarios"]),
    .testTarget(
      name: "FrontendTests", dependencies: ["Support", "Frontend", "HTTP", "KVStore", "UV", "Bytes"]),
    .testTarget(
      name: "TransportTests",
      dependencies: [
        "Support", "Transport", "Wire", "VSR", "KVStore", "Servers", "Frontend", "HTTP", "UV", "Bytes",
      ]),
    .testTarget(
      name: "ClientTests", dependencies: ["Support", "Client", "KVClient", "Servers", "HTTP", "UV", "Bytes"]),
    .testTarget(
      name: "SimulatorTests", dependencies: ["Simulator", "Faults", "VSR", "KVStore", "Journal", "Bytes"]),
    .testTarget(
      name: "LoadTests",
      dependencies: ["Support", "Load", "KVLoad", "History", "Servers", "HTTP", "UV", "Bytes"]),
    .testTarget(name: "ArgumentsTests", dependencies: ["Support", "UV", "KVSim", "KVDrill"]),
    .testTarget(name: "ContractTests", dependencies: ["Support", "KVNode", "KVClient"]),
    .testTarget(
      name: "DiskTests",
      dependencies: ["Support", "Disk", "Journal", "Wire", "VSR", "KVStore", "UV", "Bytes"]),
    .testTarget(
      name: "ReplicationTests",
      dependencies: [
        "Replication", "Frontend", "Disk", "Wire", "VSR", "KVStore", "Servers", "UV", "Bytes",
      ]),
    .testTarget(
      name: "TrialTests", dependencies: ["Drill", "KVNode", "KVClient", "UV", "HTTP", "History", "Bytes"]),
    .testTarget(name: "FaultsTests", dependencies: ["Faults", "History"]),
    .testTarget(
      name: "DrillTests",
      dependencies: ["Drill", "Faults", "UV", "History", "KVDrill", "KVNode", "KVClient", "KVLoad"]),
    .testTarget(name: "ScriptTests", dependencies: ["Support", "KVNode", "KVClient", "KVLoad"]),
    .testTarget(name: "TidyTests"),
  ],
  swiftLanguageModes: [.v6]
)

for target in package.targets where target.type == .regular || target.type == .executable {
  target.swiftSettings = optimized
}
