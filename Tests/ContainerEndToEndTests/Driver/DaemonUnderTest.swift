import Foundation
import Host
import ProgramDriver
import Testing

/// A `vivd` with folders of its own, and the clients that talk to it.
final class DaemonUnderTest {
    let folder: URL
    private var program: RunningProgram?
    private let options: [String]
    private let hasRoomOfItsOwn: Bool

    /// The daemon's process, while there is one.
    var pid: pid_t? { program?.pid }
    var data: URL { folder.appending(path: "data") }
    var run: URL { folder.appending(path: "run") }
    var log: URL { folder.appending(path: "vivd.log") }
    var host: String { "unix://" + run.appending(path: "vivd.sock").path() }
    var dockerHost: String { "unix://" + run.appending(path: "docker.sock").path() }

    /// Starts the daemon and waits until it answers.
    /// - Parameters:
    ///   - image: whether it is given `test/busybox:1` first.
    ///   - room: megabytes that its data may take: a file system of their own.
    init(options: [String] = [], image: Bool = true, room: Int? = nil) throws {
        // Names of sockets are short: 107 bytes.
        folder = URL(filePath: "/tmp/vivarium-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        self.options = options
        hasRoomOfItsOwn = room != nil
        if let room {
            try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
            try Self.tool("mount", "-t", "tmpfs", "-o", "size=\(room)m,mode=700", "tmpfs", data.path())
        }
        try start()
        if image {
            let answer = try viv("import", Busybox.archive.get().path(), Busybox.name)
            try require(answer)
        }
    }

    deinit { end() }

    /// Starts the daemon again, after its end.
    func start() throws {
        let sink = try FileDescriptor.open(log.path(), O_WRONLY | O_CREAT | O_APPEND)
        let program = try RunningProgram(
            Programs.folder.appending(path: "vivd").path(),
            ["--data", data.path(), "--run", run.path()] + options, log: sink.raw)
        self.program = program
        let deadline = Date(timeIntervalSinceNow: 60)
        while try viv("system", "info").code != 0 {
            guard program.isRunning, Date.now < deadline else {
                throw Disappointment("vivd does not answer:\n\(try String(contentsOf: log, encoding: .utf8))")
            }
            usleep(50_000)
        }
    }

    /// Kills the daemon as a crash would.
    func crash() {
        program?.signal(SIGKILL)
        program?.wait(60)
    }

    /// Removes every container and network, then ends the daemon.
    func end() {
        defer {
            if hasRoomOfItsOwn { try? Self.tool("umount", "--lazy", data.path()) }
            try? FileManager.default.removeItem(at: folder)
        }
        guard let program, program.isRunning else { return }
        if let all = try? viv("ps", "-aq").output.split(separator: "\n").map(String.init), !all.isEmpty {
            _ = try? viv(["rm", "-f"] + all)
        }
        _ = try? viv("network", "prune", "-f")
        program.signal(SIGTERM)
        program.wait(60)
    }

    private static func tool(_ words: String...) throws {
        let answer = try Command.run(URL(filePath: "/usr/bin/env"), words)
        guard answer.code == 0 else { throw Disappointment(answer.errors) }
    }

    /// A command of `viv` against this daemon.
    func viv(_ arguments: String..., input: Data? = nil) throws -> Command {
        try viv(arguments, input: input)
    }

    func viv(_ arguments: [String], input: Data? = nil, patience: Double = 120) throws -> Command {
        try Command.run(
            Programs.viv, arguments, input: input, patience: patience, environment: ["VIV_HOST": host])
    }

    /// A command of the real docker client against this daemon.
    func docker(_ arguments: String..., input: Data? = nil) throws -> Command {
        try Command.run(
            URL(filePath: "/usr/bin/env"), [Clients.docker] + arguments, input: input, patience: 180,
            environment: [
                "DOCKER_HOST": dockerHost, "DOCKER_CONFIG": try Clients.configuration.get().path(),
                "DOCKER_BUILDKIT": "0",
            ])
    }

    /// What a command printed, without the last newline; a failure of the test when it failed.
    @discardableResult
    func output(_ arguments: String..., input: Data? = nil) throws -> String {
        try output(arguments, input: input)
    }

    @discardableResult
    func output(_ arguments: [String], input: Data? = nil) throws -> String {
        let answer = try viv(arguments, input: input)
        try require(answer)
        return answer.output.trimmingCharacters(in: .newlines)
    }

    func require(_ answer: Command, sourceLocation: SourceLocation = #_sourceLocation) throws {
        guard answer.code == 0 else {
            throw Disappointment("exit code \(answer.code): \(answer.errors)\(answer.output)")
        }
    }

    /// Waits until `condition` holds.
    func eventually(_ what: String, patience: Double = 30, _ condition: () throws -> Bool) throws {
        let deadline = Date(timeIntervalSinceNow: patience)
        while try !condition() {
            guard Date.now < deadline else { throw Disappointment("in vain: \(what)") }
            usleep(50_000)
        }
    }
}

/// What a test waited for in vain.
struct Disappointment: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Why a test of containers cannot run here.
enum Requirement {
    static let isRoot = getuid() == 0
    static let busybox = FileManager.default.isExecutableFile(atPath: "/bin/busybox")
    static let containers = isRoot && busybox && find("nft")
    static let why: Comment = "needs root, Debian's busybox-static and nftables"

    static func find(_ program: String) -> Bool {
        (try? Command.run(URL(filePath: "/usr/bin/env"), ["which", program]))?.code == 0
    }
}
