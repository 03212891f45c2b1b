import CLinux
import Glibc
import Host

/// A minimal Debian, put together by mmdebstrap or debootstrap from the archives that the host's own apt uses.
struct DebianBase: Sendable {
    let suite: String

    func write(to file: Int32, scratch: String, _ progress: ProgressSink) throws(ImageError) {
        let mirrors = try Self.mirrors()
        guard let mirror = mirrors.first else {
            throw ImageError(
                .notFound,
                "the host's apt is not configured for Debian: add a 'deb' line with 'main' to its sources")
        }
        if let tool = HostTool.find("mmdebstrap") {
            progress(.init("Putting \(suite) together with mmdebstrap"))
            let options = try Self.proxies().map { "--aptopt=\($0)" }
            let mode = geteuid() == 0 ? "root" : "auto"
            // Nodes of devices come from the container's runtime; a user namespace could not make them.
            let arguments =
                ["--variant=minbase", "--mode=\(mode)", "--format=tar", "--skip=output/dev"] + options
            return try tool.run(arguments + [suite, "-", mirror], output: file, progress)
        }
        guard let tool = HostTool.find("debootstrap") else {
            throw ImageError(
                .notFound, "mmdebstrap is missing on this host: install the package 'mmdebstrap'")
        }
        try bootstrap(tool, mirror, file, scratch + "-tree", progress)
    }

    private func bootstrap(
        _ tool: HostTool, _ mirror: String, _ file: Int32, _ tree: String, _ progress: ProgressSink
    ) throws(ImageError) {
        guard HostPowers.current.isHostRoot else {
            throw ImageError(
                .notFound, "debootstrap needs root: install the package 'mmdebstrap' in its place")
        }
        defer { FileTree.remove(tree) }
        progress(.init("Putting \(suite) together with debootstrap"))
        try tool.run(["--variant=minbase", suite, tree, mirror], output: nil, progress)
        var options = LayerDiffOptions()
        let caches = Folder.names(in: "\(tree)/var/cache/apt/archives").filter { $0.hasSuffix(".deb") }
        options.excluded = Set(
            caches.map { "var/cache/apt/archives/\($0)" }
                + Folder.names(in: "\(tree)/dev").map { "dev/\($0)" })
        try LayerDiff(DescriptorSink(file, name: "the new system"), options: options).write(tree)
    }

    /// Archives of the host's apt that have Debian's `main`.
    private static func mirrors() throws(ImageError) -> [String] {
        if let chosen = getenv("VIVARIUM_MIRROR"), chosen.pointee != 0 { return [String(cString: chosen)] }
        guard let apt = HostTool.find("apt-get") else {
            throw ImageError(
                .notFound, "apt-get is missing on this host: base images are made of its packages")
        }
        let text = try apt.text([
            "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages",
        ])
        var seen: Set<String> = []
        return text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count == 3, words[2] == "main", !words[0].contains("security"),
                !words[1].contains("security")
            else { return nil }
            return seen.insert(String(words[0])).inserted ? String(words[0]) : nil
        }
    }

    /// The proxies of the host's apt, as lines of its configuration.
    private static func proxies() throws(ImageError) -> [String] {
        guard let tool = HostTool.find("apt-config") else { return [] }
        return try tool.text(["dump", "--no-empty", "Acquire"]).split(separator: "\n").map(String.init)
            .filter { $0.lowercased().contains("proxy") }
    }
}

/// A program of the host.
struct HostTool: Sendable {
    let path: String

    /// Finds a program where Debian keeps them; `/usr/sbin` is not on every user's PATH.
    static func find(_ name: String) -> HostTool? {
        ["/usr/bin", "/usr/sbin", "/bin", "/sbin"].map { "\($0)/\(name)" }
            .first { access($0, X_OK) == 0 }.map(HostTool.init)
    }

    /// What the program prints, at most 4 MiB.
    func text(_ arguments: [String]) throws(ImageError) -> String {
        do {
            let output = try FileDescriptor.unlinked(in: "/tmp")
            try run(arguments, output: output.raw) { _ in }
            lseek(output.raw, 0, SEEK_SET)
            let bytes = try DescriptorSource(output.raw, name: path).readAll(
                limit: 4 << 20, as: "the output of \(path)")
            return String(decoding: bytes, as: UTF8.self)
        } catch {
            throw ImageError(any: error)
        }
    }

    /// Runs the program to its end. Each line that it complains or tells becomes progress, and the last ones the
    /// reason when it fails.
    ///
    /// - Parameter output: where its standard output goes; `nil` means with its complaints.
    func run(_ arguments: [String], output: Int32?, _ progress: ProgressSink) throws(ImageError) {
        do {
            let null = try FileDescriptor.open("/dev/null", O_RDONLY)
            var ends: [Int32] = [-1, -1]
            try checked("make a pair of sockets") { viv_socket_pair(1, &ends) }
            let reading = FileDescriptor(owning: ends[0])
            let exit = try start(arguments, null.raw, output, writing: FileDescriptor(owning: ends[1]))
            var last: [String] = []
            var rest: [UInt8] = []
            while let bytes = try Descriptors.read(reading.raw), !bytes.isEmpty {
                rest += bytes
                while let end = rest.firstIndex(of: 0x0a) {
                    let line = String(decoding: rest[..<end], as: UTF8.self)
                    rest.removeFirst(end + 1)
                    progress(.init(line))
                    last = last.suffix(4) + [line]
                }
                // A line without end is cut.
                if rest.count > 4096 { rest = [] }
            }
            guard exit.reap() == .exited(0) else {
                throw ImageError(.unavailable, "\(path) failed: \(last.joined(separator: "; "))")
            }
        } catch {
            throw ImageError(any: error)
        }
    }

    private func start(
        _ arguments: [String], _ input: Int32, _ output: Int32?, writing: consuming FileDescriptor
    ) throws(SystemError) -> ChildProcess {
        let complaints = writing.raw
        return try ChildProcess(
            path, arguments,
            inherit: [.init(input, as: 0), .init(output ?? complaints, as: 1), .init(complaints, as: 2)],
            group: .ours,
            environment: ChildProcess.ownEnvironment + ["LC_ALL=C.UTF-8"])
    }
}
