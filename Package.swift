// swift-tools-version: 6.1
import PackageDescription

// The floors of the house, lowest first; ARCHITECTURE.md explains them and
// Tests/HouseTests/LayeringTests.swift holds every import against them.

/// Hot targets skip run-time exclusivity checks: vCPU state is reached through raw pointers only.
let hot: [SwiftSetting] = [.unsafeFlags(["-enforce-exclusivity=unchecked"])]

/// Programs carry the Swift runtime with them: they start in a few milliseconds and need no toolchain.
/// (`--static-swift-stdlib` would ask the same of the test bundle, which cannot have it.)
let standalone: [LinkerSetting] = [
    .unsafeFlags(["-static-stdlib", "-l_FoundationCShims", "-l_FoundationCollections"])
]

let package = Package(
    name: "vivarium",
    products: [
        .executable(name: "viv", targets: ["viv"]),
        .executable(name: "viv-machine", targets: ["viv-machine"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")
    ],
    targets: [
        // Floor 0: ground
        .target(name: "CLinux"),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "Host", dependencies: ["CLinux"]),
        .target(name: "Model"),
        // Floor 1: sockets
        .target(name: "Machine", dependencies: ["Host"], swiftSettings: hot),
        .target(name: "Disks", dependencies: ["Host"]),
        .target(name: "Network", dependencies: ["Host"], swiftSettings: hot),
        .target(name: "Catalogue", dependencies: ["Host", "Model"]),
        // Floor 2: parts
        .target(name: "Devices", dependencies: ["Machine", "Disks", "Network"], swiftSettings: hot),
        .target(name: "Firmware", dependencies: ["Machine", "CZlib"]),
        .target(name: "Translator", dependencies: ["Machine", "CLinux"], swiftSettings: hot),
        .target(name: "RISCV", dependencies: ["Translator"], swiftSettings: hot),
        // Floor 3: running
        .target(name: "Hypervisor", dependencies: ["Devices", "Firmware", "RISCV", "Model"]),
        // Floor 6: doors
        .target(
            name: "CLI",
            dependencies: [
                "Catalogue", "Network",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .executableTarget(name: "viv", dependencies: ["CLI"], linkerSettings: standalone),
        .executableTarget(name: "viv-machine", dependencies: ["Hypervisor"], linkerSettings: standalone),
        // Tests
        .target(name: "TestSupport", dependencies: ["Devices"], path: "Tests/TestSupport"),
        .testTarget(name: "HostTests", dependencies: ["Host"]),
        .testTarget(name: "MachineTests", dependencies: ["Machine"]),
        .testTarget(name: "DisksTests", dependencies: ["Disks"]),
        .testTarget(name: "NetworkTests", dependencies: ["Network"]),
        .testTarget(name: "CatalogueTests", dependencies: ["Catalogue"]),
        .testTarget(name: "DevicesTests", dependencies: ["Devices", "TestSupport"]),
        .testTarget(name: "FirmwareTests", dependencies: ["Firmware"]),
        .testTarget(name: "TranslatorTests", dependencies: ["Translator"]),
        .testTarget(name: "RISCVTests", dependencies: ["RISCV"]),
        .testTarget(name: "HypervisorTests", dependencies: ["Hypervisor", "TestSupport"]),
        .testTarget(name: "CLITests", dependencies: ["CLI"]),
        .testTarget(name: "DifferentialTests", dependencies: ["RISCV"]),
        .testTarget(name: "EndToEndTests", dependencies: ["Model"]),
        .testTarget(name: "HouseTests"),
    ],
    swiftLanguageModes: [.v6]
)
