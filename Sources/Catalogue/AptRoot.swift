import Glibc
import Host

/// A private place in which the host's apt works for another architecture, without privileges and
/// without touching the host's own packages. Everything it fetches is checked against Debian's keys.
struct AptRoot: Sendable {
    private static let keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

    let path: String
    let release: DebianRelease
    private let architecture: String
    private let apt: Tool
    private let cache: Tool

    /// Prepares the folder `path`; downloads that an earlier run left are kept and resumed.
    init(_ path: String, _ release: DebianRelease, architecture: String) throws(CatalogueError) {
        self.path = path
        self.release = release
        self.architecture = architecture
        apt = try Tool("apt-get", package: "apt")
        cache = try Tool("apt-cache", package: "apt")
        do {
            for folder in ["lists/partial", "archives/partial", "etc/preferences.d", "etc/apt.conf.d"] {
                try Folder.create("\(path)/\(folder)")
            }
            try TextFile.write("", to: "\(path)/status")
        } catch {
            throw CatalogueError(error)
        }
    }

    /// Whether `update` has been here for this release. Before, apt would answer from the host's own lists, which know
    /// packages of the host's own architecture.
    var isConfigured: Bool {
        access("\(path)/apt.conf", R_OK) == 0 && source.count > 3 && release.suites.contains(source[3])
    }

    /// The words of the only line of `sources.list`: `deb [option] mirror suite main`.
    private var source: [String] {
        ((try? TextFile.read("\(path)/sources.list")) ?? "").split(separator: " ").map(String.init)
    }

    /// Where downloaded packages are.
    var archives: String { "\(path)/archives" }

    /// Fetches the lists of packages, from the first of the host's mirrors that carries the release.
    func update() throws(CatalogueError) {
        guard access(Self.keyring, R_OK) == 0 else {
            throw CatalogueError(
                .unusableFile, "Debian's keys are missing: install the package 'debian-archive-keyring'")
        }
        let mirrors = HostMirrors.addresses()
        guard !mirrors.isEmpty else {
            throw CatalogueError(
                .unusableFile, "no Debian mirror in the host's apt sources: name one in VIVARIUM_MIRROR")
        }
        var complaint = ""
        for mirror in mirrors {
            for suite in release.suites {
                try configure(mirror, suite)
                let result = try run(["update"], shown: false)
                if result.succeeded, isTheRelease() { return }
                let isOther = result.succeeded
                complaint = isOther ? "no \(release.codename) there" : Self.firstComplaint(result.complaints)
            }
        }
        throw CatalogueError(
            .unusableFile,
            "cannot fetch Debian's package lists (\(complaint)): check the network and try again")
    }

    /// The address of the mirror that the lists came from.
    func mirror() -> String { source.count > 2 ? source[2] : "" }

    /// Downloads `packages` with everything they depend on, as if nothing were installed.
    func downloadWithDependencies(_ packages: [String]) throws(CatalogueError) {
        try fetch(["install", "--download-only", "--no-install-recommends", "--yes"] + packages)
    }

    /// Downloads `packages` alone. Installed stand-ins satisfy whatever they depend on.
    func download(_ packages: [String]) throws(CatalogueError) {
        let needs = try records(of: packages).flatMap {
            [$0["pre-depends"], $0["depends"]].compactMap(\.self)
        }
        try writeStatus(StandIn.stanza(satisfying: needs, architecture: architecture))
        defer { try? writeStatus("") }
        try fetch(["install", "--download-only", "--no-install-recommends", "--yes"] + packages)
    }

    /// A field of a package's newest version; empty when it has none.
    func field(_ name: String, of package: String) throws(CatalogueError) -> String {
        try records(of: [package]).first?[name.lowercased()] ?? ""
    }

    /// The downloaded files of packages.
    func archives(of packages: [String]) throws(CatalogueError) -> [String] {
        try records(of: packages).map { record throws(CatalogueError) in
            let version = (record["version"] ?? "").replacing(":", with: "%3a")
            let (name, architecture) = (record["package"] ?? "", record["architecture"] ?? "")
            let file = "\(archives)/\(name)_\(version)_\(architecture).deb"
            guard access(file, R_OK) == 0 else {
                throw CatalogueError(.unusableFile, "apt did not download '\(name)': try again")
            }
            return file
        }
    }

    /// What Debian says of the newest version of each package.
    private func records(of packages: [String]) throws(CatalogueError) -> [[String: String]] {
        let result = try cache.run(["show", "--no-all-versions"] + packages, environment: environment)
        let records = ControlFile.stanzas(result.text)
        guard result.succeeded, records.count == packages.count else {
            throw CatalogueError(
                .unusableFile,
                "Debian lacks a package for \(architecture) among: \(packages.joined(separator: " "))")
        }
        return records
    }

    /// The packages that `names` (or apt's patterns) bring in, in no particular order.
    func closure(of names: [String]) throws(CatalogueError) -> [String] {
        let result = try run(
            ["install", "--simulate", "--no-install-recommends", "--yes"] + names, shown: false)
        guard result.succeeded else { throw failure(result) }
        return result.text.split(separator: "\n").filter { $0.hasPrefix("Inst ") }
            .map { String($0.split(separator: " ")[1].split(separator: ":")[0]) }
    }
}

extension AptRoot {
    private var environment: [String] { ["APT_CONFIG=\(path)/apt.conf"] }

    private func run(_ arguments: [String], shown: Bool) throws(CatalogueError) -> Tool.Output {
        try apt.run(["-q"] + arguments, environment: environment, output: shown ? .shown : .captured)
    }

    private func fetch(_ arguments: [String]) throws(CatalogueError) {
        let result = try run(arguments, shown: true)
        guard result.succeeded else { throw failure(result) }
    }

    private func failure(_ result: Tool.Output) -> CatalogueError {
        let complaint = Self.firstComplaint(result.complaints)
        return CatalogueError(
            .unusableFile,
            "apt cannot download (\(complaint)): check the network and the free space, then try again")
    }

    /// The mirror may offer another release under this one's age one day: that one is not ours.
    private func isTheRelease() -> Bool {
        let line = "\nCodename: \(release.codename)\n"
        return Folder.names(in: "\(path)/lists").filter { $0.hasSuffix("InRelease") }
            .contains { (try? TextFile.read("\(path)/lists/\($0)"))?.contains(line) == true }
    }

    private func configure(_ mirror: String, _ suite: String) throws(CatalogueError) {
        let settings = """
            APT::Architecture "\(architecture)";
            APT::Architectures { "\(architecture)"; };
            APT::Sandbox::User "";
            Dir::State "\(path)";
            Dir::State::status "\(path)/status";
            Dir::State::lists "\(path)/lists";
            Dir::Cache "\(path)";
            Dir::Cache::srcpkgcache "";
            Dir::Cache::archives "\(path)/archives";
            Dir::Etc "\(path)/etc";
            Dir::Etc::SourceList "\(path)/sources.list";
            Dir::Etc::SourceParts "-";
            Acquire::Languages "none";
            Acquire::Retries "2";
            APT::Update::Error-Mode "any";
            Acquire::http::Timeout "20";
            Binary::apt-get::APT::Keep-Downloaded-Packages "true";
            \(HostMirrors.acquireSettings())
            """
        do {
            try TextFile.write(settings, to: "\(path)/apt.conf")
            let source = "deb [signed-by=\(Self.keyring)] \(mirror) \(suite) main\n"
            try TextFile.write(source, to: "\(path)/sources.list")
        } catch {
            throw CatalogueError(error)
        }
    }

    private func writeStatus(_ text: String) throws(CatalogueError) {
        do { try TextFile.write(text, to: "\(path)/status") } catch { throw CatalogueError(error) }
    }

    /// The first error of apt's, or else its first warning: the cause of those that follow.
    private static func firstComplaint(_ text: String) -> String {
        let lines = text.split(separator: "\n")
        let line = lines.first { $0.hasPrefix("E: ") } ?? lines.first { $0.hasPrefix("W: ") }
        return line.map { String($0.dropFirst(3)) } ?? "no reason given"
    }
}
