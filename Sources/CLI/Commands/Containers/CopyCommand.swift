import ArgumentParser
import Glibc
import Host
import Model

/// `viv cp`: files between a container and the host.
struct CopyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cp", abstract: "Copy files between a container and the host.",
        discussion: """
            '-' is a tar archive on standard input or output.

            Examples:
              viv cp web:/etc/nginx/nginx.conf .
              viv cp page.html web:/usr/share/nginx/html/
              viv cp web:/var/log - | tar tv
            """)

    @Flag(name: [.customShort("a"), .long], help: "Keep users and groups of the files.") var archive = false
    @Flag(name: [.customShort("L"), .long], help: "Follow a link that is the source itself.") var followLink =
        false
    @Flag(name: [.customShort("q"), .long], help: "Accepted for Docker's sake.") var quiet = false
    @Argument(help: "container:PATH, PATH or -.") var source: String
    @Argument(help: "container:PATH, PATH or -.") var destination: String

    func run() throws {
        switch (CopyPlace(parsing: source), CopyPlace(parsing: destination)) {
        case (.container(let name, let path), .host(let target)): try fetch(name, path, to: target)
        case (.host(let path), .container(let name, let target)): try send(path, to: name, target)
        default: throw Failure.badCommandLine("one side is container:PATH, the other a path of the host")
        }
    }

    // MARK: From the container

    private func fetch(_ name: String, _ path: String, to target: String) throws {
        let client = try DaemonClient.started()
        let exchange = try client.begin(.own(.get, "instances", name, "archive", query: [("path", path)]))
        if target == "-" {
            try Download.write(exchange, to: nil)
            return
        }
        let base = CopyPlace.lastName(of: path)
        let isFolder = (try? FileStatus(path: target))?.kind == .directory
        let root: String
        let newName: String?
        if isFolder {
            root = target
            newName = path.hasSuffix("/.") ? "" : nil
        } else {
            guard !target.hasSuffix("/") else { throw Failure.unusableFile("there is no folder \(target)") }
            root = CopyPlace.parent(of: target)
            newName = CopyPlace.lastName(of: target)
        }
        var extraction = TarExtraction(to: root) { CopyPlace.renamed($0, from: base, to: newName) }
        defer { extraction.finish() }
        while let bytes = try exchange.nextBytes() { try extraction.take(bytes) }
    }

    // MARK: To the container

    private func send(_ path: String, to name: String, _ target: String) throws {
        let client = try DaemonClient.started()
        if path == "-" {
            _ = try Upload.send(request(name, target), from: "-", to: client, showing: nil).rest()
            return
        }
        let (folder, newName) = try place(client, name, target, source: path)
        let stream = try Self.stream(of: path, as: newName, follows: followLink)
        _ = try Upload.send(request(name, folder), to: client, stream.next).rest()
    }

    private func request(_ name: String, _ folder: String) -> Request {
        .own(
            .put, "instances", name, "archive",
            query: [("path", folder), ("keepOwners", archive ? "1" : "0")])
    }

    /// The folder of the container to unpack in, and the name to unpack under; no name means the contents.
    private func place(_ client: DaemonClient, _ name: String, _ target: String, source: String) throws
        -> (String, String)
    {
        let base = CopyPlace.lastName(of: source)
        if try isFolder(client, name, target) { return (target, source.hasSuffix("/.") ? "" : base) }
        guard !target.hasSuffix("/") else { throw Failure.refused("there is no folder \(target) in \(name)") }
        return (CopyPlace.parent(of: target), CopyPlace.lastName(of: target))
    }

    /// Asks with Docker's route: its answer has the status of the path in a header; ours is read from the archive.
    private func isFolder(_ client: DaemonClient, _ name: String, _ path: String) throws -> Bool {
        guard path != "/" else { return true }
        do {
            let exchange = try client.begin(
                .own(.get, "instances", name, "archive", query: [("path", path)]))
            var reader = TarReader()
            while let bytes = try exchange.nextBytes() {
                for case .entry(let entry) in try reader.take(bytes) { return entry.kind == .folder }
            }
            return false
        } catch let failure as Failure where failure.status == 404 {
            // The container itself may be what is missing.
            try client.send(.own(.get, "instances", name))
            return false
        }
    }

    private static func stream(of path: String, as name: String, follows: Bool) throws -> TarStream {
        var status = stat()
        guard (follows ? stat(path, &status) : lstat(path, &status)) == 0 else {
            throw Failure.unusableFile("there is no \(path)")
        }
        let isFolder = status.st_mode & S_IFMT == S_IFDIR
        if isFolder, name.isEmpty { return TarStream(folder: path) }
        var real = path
        if follows, let resolved = realpath(path, nil) {
            defer { free(resolved) }
            real = String(cString: resolved)
        }
        return TarStream(entries: [.path(real, name)])
    }
}

/// One side of a copy.
package enum CopyPlace: Equatable {
    case container(String, String)
    case host(String)

    /// `NAME:PATH` is a container's, unless it starts like a path (`./a:b`).
    package init(parsing text: String) {
        guard !text.hasPrefix("/"), !text.hasPrefix("."), let colon = text.firstIndex(of: ":"),
            colon != text.startIndex
        else {
            self = .host(text)
            return
        }
        let path = String(text[text.index(after: colon)...])
        self = .container(String(text[..<colon]), path.hasPrefix("/") ? path : "/" + path)
    }

    static func lastName(of path: String) -> String {
        path.split(separator: "/").last { $0 != "." }.map(String.init) ?? ""
    }

    static func parent(of path: String) -> String {
        let parts = path.split(separator: "/").filter { $0 != "." }.dropLast()
        return (path.hasPrefix("/") ? "/" : parts.isEmpty ? "." : "") + parts.joined(separator: "/")
    }

    /// The name that an entry of the archive gets: its first part `base` becomes `name` (`nil`: stays, empty: goes).
    package static func renamed(_ entry: String, from base: String, to name: String?) -> String? {
        let parts = entry.split(separator: "/").filter { $0 != "." }
        guard let name else { return parts.joined(separator: "/") }
        let rest = parts.first.map(String.init) == base ? parts.dropFirst() : parts[...]
        return ([name] + rest.map(String.init)).filter { !$0.isEmpty }.joined(separator: "/")
    }
}
