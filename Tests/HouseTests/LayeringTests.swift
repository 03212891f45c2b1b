import Testing

/// Imports go down only: the picture of ARCHITECTURE.md, held against every `import` line.
struct LayeringTests {
    /// Who may import whom directly, in order of floors; what these import comes along.
    static let floors: KeyValuePairs<String, [String]> = [
        "CLinux": [],
        "Host": ["CLinux"],
        "Model": ["FoundationEssentials"],
        "CZlib": [],
        "Machine": ["Host"],
        "Disks": ["Host"],
        "NetworkStack": ["Host"],
        "Display": ["Host", "CZlib"],
        "Catalogue": ["Host", "Model"],
        "Devices": ["Machine", "Disks", "NetworkStack", "Display"],
        "Debugging": ["Machine"],
        "Firmware": ["Machine", "CZlib"],
        "KVM": ["Machine"],
        "Translator": ["Machine"],
        "RISCV": ["Translator"],
        "X86": ["Translator"],
        "Hypervisor": ["Debugging", "Devices", "Firmware", "KVM", "RISCV", "X86", "Model"],
        "Containers": ["Host"],
        "KernelNetwork": ["Host", "Model", "NetworkStack"],
        "CZstd": [],
        "Images": ["Host", "Model", "CZlib", "CZstd", "AsyncHTTPClient", "Crypto", "NIO"],
        "Builder": ["Images"],
        "Store": ["Model", "GRDB"],
        "Engine": ["Images", "Builder", "Containers", "KernelNetwork", "Store", "Logging"],
        "Daemon": ["Engine", "Hummingbird", "NIO"],
        "CLI": ["Catalogue", "Disks", "NetworkStack", "Display", "ArgumentParser", "NIO"],
        "viv": ["CLI"],
        "viv-machine": ["Hypervisor"],
        "viv-container": ["Containers"],
        "viv-network": ["KernelNetwork"],
        "vivd": ["Daemon"],
    ]

    /// Part of every program.
    static let ground: Set = ["Swift", "Glibc", "Synchronization"]

    /// Everything outside the package lives in these homes and nowhere else.
    static let homes = [
        "FoundationEssentials": [
            "Model", "Hypervisor", "Containers", "KernelNetwork", "Images", "Builder", "Store", "Engine",
            "Daemon", "CLI",
        ],
        "ArgumentParser": ["CLI", "viv"],
        "AsyncHTTPClient": ["Images"],
        "Crypto": ["Images"],
        "CZlib": ["Firmware", "Images", "Display"],
        "CZstd": ["Images"],
        "GRDB": ["Store"],
        "Hummingbird": ["Daemon"],
        "Logging": ["Engine", "Daemon"],
        "NIO": ["Images", "Daemon", "CLI"],
    ]

    @Test func everyImportPointsDownwards() throws {
        for file in try House.files(in: "Sources") where file.path.hasSuffix(".swift") {
            let allowed = Self.reachable(from: file.target).union(Self.ground)
            for module in Self.imports(of: file) {
                #expect(allowed.contains(module), "\(file.path) imports \(module)")
            }
        }
    }

    @Test func outsidePackagesStayAtHome() throws {
        for file in try House.files(in: "Sources") {
            for module in Self.imports(of: file) {
                guard let homes = Self.homes[module] else { continue }
                #expect(homes.contains(file.target), "\(file.path) imports \(module)")
            }
        }
    }

    @Test func theTableListsTargetsBelowTheirUsers() {
        var seen = Set(Self.homes.keys).subtracting(["CZlib", "CZstd"])
        for (target, imports) in Self.floors {
            #expect(seen.isSuperset(of: imports), "\(target) stands below something it imports")
            seen.insert(target)
        }
    }

    @Test func everyFolderIsATargetOfTheTable() throws {
        let known = Set(Self.floors.map(\.key))
        for target in try House.targets() {
            #expect(known.contains(target), "Sources/\(target) stands on no floor")
        }
    }

    @Test func theArchitecturePageNamesEveryTarget() throws {
        let page = try House.file("ARCHITECTURE.md").lines.joined(separator: "\n")
        for target in try House.targets() {
            #expect(page.contains("`\(target)`"), "ARCHITECTURE.md does not name \(target)")
        }
    }

    /// What `target` sees: its imports and theirs, but no outside package of another home.
    private static func reachable(from target: String) -> Set<String> {
        var seen: Set<String> = []
        var pending = [target]
        while let next = pending.popLast() {
            let imports = floors.first { $0.key == next }?.value ?? []
            pending += imports.filter { seen.insert($0).inserted }
        }
        return seen
    }

    /// Module names of `import A`, `package import A`, `@testable import A`, `import struct A.B`.
    private static func imports(of file: House.SourceFile) -> [String] {
        file.lines.compactMap { line in
            let words = line.split(separator: " ").map(String.init)
            guard let index = words.firstIndex(of: "import"), index + 1 < words.count,
                words[..<index].allSatisfy({ $0.hasPrefix("@") || $0 == "package" || $0 == "public" })
            else { return nil }
            let kinds: Set = ["struct", "class", "enum", "func", "typealias", "protocol", "var", "let"]
            let name = kinds.contains(words[index + 1]) ? words.dropFirst(index + 2).first : words[index + 1]
            return name?.split(separator: ".").first.map { package(of: String($0)) }
        }
    }

    /// Packages of many modules go by one name in the tables.
    private static func package(of module: String) -> String {
        if module.hasPrefix("NIO") || module == "HTTPTypes" { return "NIO" }
        return module.hasPrefix("Hummingbird") ? "Hummingbird" : module
    }
}
