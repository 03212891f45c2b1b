import Host

/// The kernel modules that an initramfs needs, decompressed and in the order of loading.
package struct KernelModules {
    /// One module, ready for `insmod`.
    struct Module {
        let name: String
        let contents: [UInt8]
    }

    /// Where `modules/VERSION` was unpacked.
    private let files: [String: String]
    private let xz: Tool
    private var ordered: [Module] = []

    init(below folder: String) throws(CatalogueError) {
        xz = try Tool("xz", package: "xz-utils")
        var files: [String: String] = [:]
        for path in Folder.files(below: folder) {
            guard let file = path.split(separator: "/").last, let dot = file.firstRange(of: ".ko") else {
                continue
            }
            files[Self.canonical(file[..<dot.lowerBound])] = path
        }
        self.files = files
    }

    /// The modules `names` and what they depend on, in the order of loading, without those that an
    /// earlier call has given.
    mutating func load(_ names: [String]) throws(CatalogueError) -> [Module] {
        let earlier = ordered.count
        for name in names { try add(name) }
        return Array(ordered[earlier...])
    }

    /// Adds a module after everything it depends on. One that has no file is built into the kernel.
    private mutating func add(_ name: String) throws(CatalogueError) {
        let name = Self.canonical(name)
        guard let path = files[name], !ordered.contains(where: { $0.name == name }) else { return }
        let contents = try read(path)
        for need in Self.dependencies(of: contents) { try add(need) }
        ordered.append(Module(name: name, contents: contents))
    }

    private func read(_ path: String) throws(CatalogueError) -> [UInt8] {
        guard path.hasSuffix(".xz") else {
            do { return try TextFile.bytes(path) } catch { throw CatalogueError(error) }
        }
        let result = try xz.run(["--decompress", "--stdout", path])
        guard result.succeeded else {
            throw CatalogueError(
                .unusableFile, "kernel module \(path) cannot be unpacked: run 'viv guests update'")
        }
        return result.output
    }

    /// Modules spell their names with either of `-` and `_`.
    private static func canonical(_ name: some StringProtocol) -> String {
        String(name.map { $0 == "-" ? "_" : $0 })
    }

    /// The names after `depends=` in the module's information section, strings that end with NUL.
    package static func dependencies(of contents: [UInt8]) -> [String] {
        let key = Array("\0depends=".utf8)
        guard let start = contents.firstRange(of: key)?.upperBound else { return [] }
        let value = contents[start...].prefix { $0 != 0 }
        return String(decoding: value, as: UTF8.self).split(separator: ",").map(String.init)
    }
}
