import ArgumentParser
import Glibc
import Host
import Model

/// `viv run`: makes a container, starts it, and is its terminal until it ends.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Make and start a container from an image.",
        discussion: """
            Examples:
              viv run -it --rm debian:12 bash
              viv run -d --name web -p 8080:80 -v data:/var/www nginx
              viv run --rm -v .:/src -w /src -m 256m --cpus 0.5 gcc make
              echo hello | viv run -i --rm busybox wc -c

            Ctrl-P Ctrl-Q leave the terminal while the container runs on. viv run exits with the container's exit \
            code; 125 when the container could not be made, 126 when its program cannot be run, 127 when its program \
            is missing. The daemon is started if it does not run.
            """,
        helpNames: .long)

    @Flag(name: [.customShort("d"), .long], help: "Print the id and leave the container running.")
    var detach = false

    @Flag(inversion: .prefixedNo, help: "Pass signals on to the container.")
    var sigProxy = true

    @Option(help: ArgumentHelp("Keys that leave the terminal. (default: ctrl-p,ctrl-q)", valueName: "keys"))
    var detachKeys: String?

    @Option(
        name: [.customShort("a"), .long], help: ArgumentHelp("stdin, stdout or stderr.", valueName: "stream"))
    var attach: [String] = []

    @OptionGroup var container: ContainerOptions

    func run() throws {
        do {
            try start()
        } catch let failure as Failure {
            throw ContainerExit.failed(failure, code: Self.code(of: failure))
        } catch let error as SystemError {
            throw ContainerExit.failed(.refused(error.description), code: 125)
        }
    }

    /// As Docker's client answers the shell.
    static func code(of failure: Failure) -> Int32 {
        let text = failure.description.lowercased()
        if failure.status == 0 { return 125 }
        if text.contains("permission denied") || text.contains("is a directory")
            || text.contains("not executable")
        {
            return text.contains("exec") || text.contains("start") ? 126 : 125
        }
        let isMissing = ["executable file not found", "no such file or directory", "not found in $path"]
            .contains(where: text.contains)
        return isMissing && (text.contains("exec") || text.contains("start")) ? 127 : 125
    }

    private func start() throws {
        let keys = try detachKeys.map(DetachKeys.init(parsing:)) ?? .standard
        var spec = try container.spec(terminal: AttachSession.terminalSize)
        if container.process.tty, container.process.interactive, !detach, !Terminal.isTerminal(STDIN_FILENO) {
            throw Failure.badCommandLine("standard input is no terminal: leave -t away")
        }
        spec.closesStdinAfterFirst = spec.keepsStdinOpen && !detach
        let client = try DaemonClient.started()
        if detach {
            let id = try Creation(client, container.life).create(spec)
            try client.send(.own(.post, "instances", id, "start"))
            Report.line(id)
            return
        }
        try attached(client, spec, keys)
    }

    private func attached(_ client: DaemonClient, _ spec: ContainerSpec, _ keys: DetachKeys) throws {
        let id = try Creation(client, container.life).create(spec)
        let streams = AttachedStreams(names: attach, hasStdin: spec.keepsStdinOpen)
        let session = try AttachSession(isTerminal: spec.hasTerminal, proxiesSignals: sigProxy)
        session.proxy = { InstanceSignal.send($0, to: id, client) }
        let connection: StreamConnection
        do {
            connection = try session.connect(streams.request(id), to: client)
            do {
                try client.send(.own(.post, "instances", id, "start"))
            } catch {
                connection.close()
                throw error
            }
        } catch {
            // A container that removes itself would stay for ever if it never started.
            if spec.removesItself {
                _ = try? client.send(
                    .own(.delete, "instances", id, query: [("force", "1"), ("volumes", "1")]))
            }
            throw error
        }
        let end = try session.run(connection, stdin: streams.stdin, detachKeys: keys)
        if end == .unread { Self.abandon(spec, id, client) }
        throw ContainerExit.ended(try InstanceEnd.code(end, id, spec, client))
    }

    /// A program of the host would have died of SIGPIPE; a container's first process takes no such hint.
    private static func abandon(_ spec: ContainerSpec, _ id: String, _ client: DaemonClient) {
        guard spec.removesItself else {
            Report.note(
                "nobody reads the output any more; the container runs on: \(InstanceID(id)?.short ?? id)")
            return
        }
        InstanceSignal.send(SIGKILL, to: id, client)
    }
}

/// `viv create`: makes a container without starting it.
struct CreateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a container without starting it.",
        discussion: """
            Takes the options of 'viv run' and prints the container's id.

            Example:
              viv create --name db -v data:/var/lib/postgresql postgres
            """,
        helpNames: .long)

    @OptionGroup var container: ContainerOptions

    func run() throws {
        let spec = try container.spec(terminal: AttachSession.terminalSize)
        let client = try DaemonClient.started()
        Report.line(try Creation(client, container.life).create(spec))
    }
}

/// How the streams of a container are asked for.
struct AttachedStreams {
    let stdin: Bool
    let stdout: Bool
    let stderr: Bool

    /// - Parameter names: of `-a`; all when there are none.
    init(names: [String], hasStdin: Bool) {
        let names = names.map { $0.lowercased() }
        stdin = hasStdin && (names.isEmpty || names.contains("stdin"))
        stdout = names.isEmpty || names.contains("stdout")
        stderr = names.isEmpty || names.contains("stderr")
    }

    func request(_ id: String) -> Request {
        .own(
            .post, "instances", id, "attach",
            query: [
                ("stdin", stdin ? "1" : "0"), ("stdout", stdout ? "1" : "0"), ("stderr", stderr ? "1" : "0"),
                ("logs", "0"),
            ])
    }
}
