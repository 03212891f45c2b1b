import ArgumentParser
import Glibc
import Host
import Model

/// `viv build`: an image from a Dockerfile.
struct BuildCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build", abstract: "Build an image from a Dockerfile.",
        discussion: """
            Examples:
              viv build -t app .
              viv build -f docker/Dockerfile --target test --build-arg VERSION=2 .
              viv build --secret id=token,src=$HOME/.token -t app .
              viv build - <Dockerfile
            """)

    @Option(
        name: [.customShort("t"), .long],
        help: ArgumentHelp("What to call it; repeat for more names.", valueName: "name[:tag]"))
    var tag: [String] = []
    @Option(
        name: [.customShort("f"), .long],
        help: ArgumentHelp("The Dockerfile. (default: PATH/Dockerfile)", valueName: "file"),
        completion: .file())
    var file: String?
    @Option(help: ArgumentHelp("The stage to build.", valueName: "stage")) var target: String?
    @Option(help: ArgumentHelp("A value for an ARG.", valueName: "name[=value]")) var buildArg: [String] = []
    @Option(help: ArgumentHelp("Set a label.", valueName: "key=value")) var label: [String] = []
    @Option(help: ArgumentHelp("Platform to build for.", valueName: "os/arch[/variant]")) var platform:
        String?
    @Option(help: ArgumentHelp("id=NAME,src=FILE or id=NAME,env=VARIABLE.", valueName: "secret")) var secret:
        [String] = []
    @Option(help: ArgumentHelp("default, or id=SOCKET.", valueName: "agent")) var ssh: [String] = []
    @Option(help: ArgumentHelp("Images whose steps may be reused.", valueName: "image")) var cacheFrom:
        [String] = []
    @Option(help: ArgumentHelp("Line of /etc/hosts.", valueName: "name:address")) var addHost: [String] = []
    @Option(
        name: [.long, .customLong("net")],
        help: ArgumentHelp("Network of RUN steps: default, none or host.", valueName: "mode"))
    var network: String?
    @Option(help: ArgumentHelp("Size of /dev/shm.", valueName: "size")) var shmSize: String?
    @Option(
        name: [.customShort("m"), .long], help: ArgumentHelp("Bound of memory of steps.", valueName: "size"))
    var memory: String?
    @Option(help: ArgumentHelp("Write the image's id to a file.", valueName: "file"), completion: .file())
    var iidfile: String?
    @Option(help: ArgumentHelp("auto or plain.", valueName: "kind")) var progress: String?
    @Flag(help: "Do every step anew.") var noCache = false
    @Flag(help: "Fetch base images anew.") var pull = false
    @Flag(name: [.customShort("q"), .long], help: "Print only the id.") var quiet = false
    @Flag(name: .customLong("rm"), inversion: .prefixedNo, help: .hidden) var removes = true
    @Argument(
        help: "The folder with the files, or - for a Dockerfile or tar on standard input.",
        completion: .directory)
    var path: String

    func run() throws {
        let client = try DaemonClient.started()
        let context = try BuildContext(path: path, dockerfile: file)
        var request = Request.own(.post, "images", "build", query: try query(context))
        request.headers += try Self.secrets(secret)
        request.headers += try RegistryLogins.standard().allLogins()
        let exchange = try context.send(request, to: client)
        guard let image = try ImageStream.show(exchange, isQuiet: quiet) else {
            throw Failure.internalFault("the daemon has not told which image it made")
        }
        if let iidfile { try TextFile.write(iidfile, image) }
        Report.line(image)
    }

    private func query(_ context: BuildContext) throws -> [(String, String?)] {
        var pairs: [(String, String?)] = tag.map { ("t", $0) }
        let arguments = try KeyValue.environment(buildArg, inherited: HostMachine.variable)
            .filter { $0.contains("=") }
        pairs += [
            ("dockerfile", context.dockerfile), ("target", target), ("platform", platform),
            ("buildargs", Self.object(try KeyValue.dictionary(arguments, option: "--build-arg"))),
            ("labels", Self.object(try KeyValue.dictionary(label, option: "--label"))),
            ("cachefrom", cacheFrom.isEmpty ? nil : JSONValue(cacheFrom).compact),
            ("networkmode", network), ("nocache", noCache ? "1" : nil), ("pull", pull ? "1" : nil),
            ("shmsize", try shmSize.map { "\(try Amount.bytes($0, option: "--shm-size"))" }),
            ("memory", try memory.map { "\(try Amount.bytes($0, option: "--memory"))" }),
            ("ssh", Self.agents(ssh)),
        ]
        for host in addHost { pairs.append(("extrahosts", try ConnectionOptions.extraHost(host))) }
        return pairs
    }

    private static func object(_ values: [String: String]) -> String? {
        values.isEmpty ? nil : JSONValue(values).compact
    }

    /// Secrets go along as values, as the daemon may not be able to read the user's files; in a header, as what is
    /// in the query may end in a log.
    static func secrets(_ texts: [String]) throws -> [(name: String, value: String)] {
        var values: [String: String] = [:]
        for text in texts {
            var fields: [String: String] = [:]
            for field in try CommaList.split(text) {
                fields[CommaList.key(of: field)] = CommaList.value(of: field)
            }
            guard let id = fields["id"] else {
                throw Failure.badCommandLine("--secret '\(text)' needs id=NAME")
            }
            if let variable = fields["env"] {
                guard let value = HostMachine.variable(variable) else {
                    throw Failure.badCommandLine("--secret '\(text)': \(variable) is not set")
                }
                values[id] = Base64.encode(Array(value.utf8))
            } else {
                let path = fields["src"] ?? fields["source"] ?? id
                values[id] = Base64.encode(try TextFile.bytes(path, limit: 32 << 10))
            }
        }
        guard let document = object(values) else { return [] }
        return [("Viv-Build-Secrets", Base64.encode(Array(document.utf8)))]
    }

    private static func agents(_ texts: [String]) -> String? {
        var values: [String: String] = [:]
        for text in texts {
            values[CommaList.key(of: text)] =
                CommaList.value(of: text) ?? HostMachine.environment("SSH_AUTH_SOCK") ?? ""
        }
        return object(values)
    }
}

/// The files that a build may use: a folder, or what comes on standard input.
struct BuildContext {
    private enum Source {
        case folder(String)
        case standardInput([UInt8])
        case dockerfile([UInt8])
    }

    private let source: Source
    /// The name of the Dockerfile inside the archive.
    let dockerfile: String
    /// A Dockerfile from outside the folder, and its name in the archive.
    private var extra: (name: String, bytes: [UInt8])?

    init(path: String, dockerfile: String?) throws(Failure) {
        guard path != "-" else {
            let bytes = try TextFile.bytes("-", limit: 1 << 30)
            source = Self.isArchive(bytes) ? .standardInput(bytes) : .dockerfile(bytes)
            self.dockerfile = dockerfile ?? "Dockerfile"
            return
        }
        guard let status = try? FileStatus(path: path), status.kind == .directory else {
            throw .unusableFile("\(path) is no folder: name the folder with your Dockerfile")
        }
        source = .folder(path)
        let name = dockerfile ?? "Dockerfile"
        let inside = name.hasPrefix("/") ? name : path + "/" + name
        if name == "-" || (dockerfile != nil && (name.hasPrefix("/") || !Self.isFile(inside))) {
            // As Docker's client does it: a path that is meant from here, not from inside the folder.
            let root = StorageOptions.absolute(path) + "/"
            let place = StorageOptions.absolute(name)
            if name != "-", place.hasPrefix(root) {
                self.dockerfile = String(place.dropFirst(root.count))
            } else {
                self.dockerfile = ".viv-dockerfile"
                extra = (".viv-dockerfile", try TextFile.bytes(name))
            }
        } else {
            guard Self.isFile(inside) else {
                throw .unusableFile("there is no \(inside): name a Dockerfile with -f")
            }
            self.dockerfile = name
        }
    }

    private static func isFile(_ path: String) -> Bool { (try? FileStatus(path: path)) != nil }

    /// Whether the bytes are a tar archive, plain or packed, and not a Dockerfile.
    private static func isArchive(_ bytes: [UInt8]) -> Bool {
        let magic: [[UInt8]] = [
            [0x1f, 0x8b], [0x28, 0xb5, 0x2f, 0xfd], [0x42, 0x5a, 0x68], [0xfd, 0x37, 0x7a],
        ]
        if magic.contains(where: bytes.starts(with:)) { return true }
        return bytes.count > 262 && Array(bytes[257..<262]) == Array("ustar".utf8)
    }

    /// Sends the files as a tar.
    func send(_ request: Request, to client: DaemonClient) throws -> Exchange {
        switch source {
        case .standardInput(let bytes):
            let pieces = Pieces(bytes)
            return try Upload.send(request, to: client, pieces.next)
        case .dockerfile(let bytes):
            let stream = TarStream(entries: [.file("Dockerfile", bytes)])
            return try Upload.send(request, to: client, stream.next)
        case .folder(let path):
            let ignored = IgnoreRules(
                text: (try? TextFile.read("\(path)/\(dockerfile).dockerignore"))
                    ?? (try? TextFile.read("\(path)/.dockerignore")) ?? "")
            let kept = [dockerfile, ".dockerignore"]
            let stream = TarStream(folder: path) { !kept.contains($0) && ignored.excludes($0) }
            if let extra { stream.prepend(.file(extra.name, extra.bytes)) }
            return try Upload.send(request, to: client, stream.next)
        }
    }
}

/// Bytes that are here already, piece by piece.
private final class Pieces {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    func next() -> [UInt8]? {
        let piece = rest.prefix(1 << 18)
        rest = rest.dropFirst(piece.count)
        return piece.isEmpty ? nil : Array(piece)
    }
}
