// swift-tools-version: 6.1
import PackageDescription

// The floors of the house, lowest first; ARCHITECTURE.md explains them and
// Tests/HouseTests/LayeringTests.swift holds every import against them.

/// Hot targets skip run-time exclusivity checks: vCPU state is reached through raw pointers only.
let hot: [SwiftSetting] = [.unsafeFlags(["-enforce-exclusivity=unchecked"])]

/// Targets whose tests reach what is internal to them, in release too: one configuration serves programs and tests.
let testable: [SwiftSetting] = [.unsafeFlags(["-enable-testing"])]

/// Tests of what is asynchronous are not optimised: that crashes the optimiser of Swift 6.3 (splitting coroutines with
/// typed errors), and takes long.
let plain: [SwiftSetting] = [.unsafeFlags(["-Onone"])]

/// Programs carry the Swift runtime with them: they start in a few milliseconds and need no toolchain.
/// (`--static-swift-stdlib` would ask the same of the test bundle, which cannot have it.)
let standalone: [LinkerSetting] = [
    .unsafeFlags(["-static-stdlib", "-l_FoundationCShims", "-l_FoundationCollections"])
]

/// The OCI runtime is one static file: it starts in a millisecond and runs inside any root file system.
let alone: [LinkerSetting] = [.unsafeFlags(["-static-executable"])]

/// Outside packages of the daemon's ask for all of Foundation, whose parts a static link must be told.
let foundation: [LinkerSetting] = [
    .unsafeFlags(["-lCoreFoundation", "-l_FoundationCollections", "-l_FoundationICU", "-lstdc++"])
]

let package = Package(
    name: "vivarium",
    products: [
        .executable(name: "viv", targets: ["viv"]),
        .executable(name: "viv-machine", targets: ["viv-machine"]),
        .executable(name: "viv-container", targets: ["viv-container"]),
        .executable(name: "viv-network", targets: ["viv-network"]),
        .executable(name: "vivd", targets: ["vivd"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        // Without its traits Hummingbird needs no full Foundation.
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
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
        .target(name: "NetworkStack", dependencies: ["Host"], swiftSettings: hot + testable),
        .target(name: "Display", dependencies: ["Host", "CZlib"], swiftSettings: testable),
        .target(name: "Catalogue", dependencies: ["Host", "Model"]),
        // Floor 2: parts
        .target(
            name: "Devices", dependencies: ["Machine", "Disks", "NetworkStack", "Display"], swiftSettings: hot
        ),
        .target(name: "Debugging", dependencies: ["Machine"]),
        .target(name: "Firmware", dependencies: ["Machine", "CZlib"]),
        .target(name: "KVM", dependencies: ["Machine", "CLinux"]),
        .target(name: "Translator", dependencies: ["Machine", "CLinux"], swiftSettings: hot + testable),
        .target(name: "RISCV", dependencies: ["Translator"], swiftSettings: hot),
        .target(name: "X86", dependencies: ["Translator"], swiftSettings: hot),
        // Floor 3: running
        .target(
            name: "Hypervisor",
            dependencies: ["Debugging", "Devices", "Firmware", "KVM", "RISCV", "X86", "Model"]),
        .target(name: "Containers", dependencies: ["Host"], swiftSettings: testable),
        .target(
            name: "KernelNetwork", dependencies: ["Host", "Model", "NetworkStack"], swiftSettings: testable),
        // Floor 4: goods
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .target(
            name: "Images",
            dependencies: [
                "Host", "Model", "CZlib", "CZstd",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ], swiftSettings: testable),
        .target(name: "Builder", dependencies: ["Images"], swiftSettings: testable),
        .target(
            name: "Store", dependencies: ["Model", .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: testable),
        // Floor 5: will
        .target(
            name: "Engine",
            dependencies: [
                "Images", "Builder", "Containers", "KernelNetwork", "Store",
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: testable),
        // Floor 6: doors
        .target(
            name: "Daemon",
            dependencies: [
                "Engine",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
            ], swiftSettings: testable),
        .target(
            name: "CLI",
            dependencies: [
                "Catalogue", "NetworkStack", "Display",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]),
        .executableTarget(name: "viv", dependencies: ["CLI"], linkerSettings: standalone),
        .executableTarget(name: "viv-machine", dependencies: ["Hypervisor"], linkerSettings: standalone),
        .executableTarget(name: "viv-container", dependencies: ["Containers"], linkerSettings: alone),
        .executableTarget(name: "viv-network", dependencies: ["KernelNetwork"], linkerSettings: standalone),
        .executableTarget(name: "vivd", dependencies: ["Daemon"], linkerSettings: standalone + foundation),
        // Tests
        .target(name: "TestSupport", dependencies: ["Devices"], path: "Tests/TestSupport"),
        .target(name: "ProgramDriver", dependencies: ["Host"], path: "Tests/ProgramDriver"),
        .testTarget(name: "HostTests", dependencies: ["Host"]),
        .testTarget(name: "MachineTests", dependencies: ["Machine"]),
        .testTarget(name: "DisksTests", dependencies: ["Disks"]),
        .testTarget(name: "NetworkTests", dependencies: ["NetworkStack"]),
        .testTarget(name: "DisplayTests", dependencies: ["Display"]),
        .testTarget(name: "CatalogueTests", dependencies: ["Catalogue"]),
        .testTarget(name: "DevicesTests", dependencies: ["Devices", "TestSupport"]),
        .testTarget(name: "DebuggingTests", dependencies: ["Debugging", "RISCV", "X86"]),
        .testTarget(name: "FirmwareTests", dependencies: ["Firmware"]),
        .testTarget(name: "TranslatorTests", dependencies: ["Translator"]),
        .testTarget(name: "KVMTests", dependencies: ["KVM"]),
        .testTarget(name: "RISCVTests", dependencies: ["RISCV"]),
        .target(name: "NativeRun", path: "Tests/NativeRun"),
        .testTarget(
            name: "X86Tests", dependencies: ["X86", "NativeRun", "ProgramDriver"], exclude: ["unicorn-x86"]),
        .testTarget(name: "HypervisorTests", dependencies: ["Hypervisor", "TestSupport"]),
        .testTarget(name: "CLITests", dependencies: ["CLI"], swiftSettings: plain),
        .testTarget(
            name: "DifferentialTests", dependencies: ["ProgramDriver", "RISCV"], exclude: ["unicorn-oracle"]),
        .testTarget(name: "EndToEndTests", dependencies: ["Host", "Model", "ProgramDriver"]),
        .testTarget(name: "ModelTests", dependencies: ["Model"]),
        .testTarget(name: "ContainersTests", dependencies: ["Containers"], swiftSettings: plain),
        .testTarget(name: "KernelNetworkTests", dependencies: ["KernelNetwork"], swiftSettings: plain),
        .testTarget(name: "ImagesTests", dependencies: ["Images"], swiftSettings: plain),
        .testTarget(name: "BuilderTests", dependencies: ["Builder"], swiftSettings: plain),
        .testTarget(name: "StoreTests", dependencies: ["Store"], swiftSettings: plain),
        .testTarget(name: "EngineTests", dependencies: ["Engine"], swiftSettings: plain),
        .testTarget(name: "DaemonTests", dependencies: ["Daemon"], swiftSettings: plain),
        .testTarget(
            name: "ContainerEndToEndTests", dependencies: ["Host", "Model", "ProgramDriver"],
            swiftSettings: plain),
        .testTarget(name: "HouseTests"),
    ],
    swiftLanguageModes: [.v6]
)
