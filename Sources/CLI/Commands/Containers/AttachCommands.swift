import ArgumentParser
import Glibc
import Host
import Model

/// `viv attach`: the terminal of a running container.
struct AttachCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach",
        abstract: "Be the terminal of a running container.",
        discussion: "Ctrl-P Ctrl-Q leave it running.\n\nExample:\n  viv attach web")

    @Argument(help: "Name or id of a container.", completion: InstanceNames.completion)
    var container: String

    @Flag(help: "Leave standard input alone.")
    var noStdin = false

    @Flag(inversion: .prefixedNo, help: "Pass signals on to the container.")
    var sigProxy = true

    @Option(help: ArgumentHelp("Keys that leave the terminal. (default: ctrl-p,ctrl-q)", valueName: "keys"))
    var detachKeys: String?

    func run() throws {
        let keys = try detachKeys.map(DetachKeys.init(parsing:)) ?? .standard
        let client = try DaemonClient.started()
        let instance: Instance = try client.fetch(.own(.get, "instances", container))
        guard instance.state == .running else {
            throw Failure.refused(
                "\(instance.name) is \(instance.state.rawValue): start it with 'viv start -a'")
        }
        guard case .container(let spec) = instance.spec else {
            throw Failure.refused("\(instance.name) is a machine: use 'viv machine console \(instance.name)'")
        }
        let id = instance.id.text
        let streams = AttachedStreams(names: [], hasStdin: spec.keepsStdinOpen && !noStdin)
        let session = try AttachSession(isTerminal: spec.hasTerminal, proxiesSignals: sigProxy)
        session.proxy = { InstanceSignal.send($0, to: id, client) }
        let connection = try session.connect(streams.request(id), to: client)
        let end = try session.run(connection, stdin: streams.stdin, detachKeys: keys)
        throw ContainerExit.ended(try InstanceEnd.code(end, id, spec, client))
    }
}

/// `viv exec`: one more process in a running container.
struct ExecCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec",
        abstract: "Run one more program in a running container.",
        discussion: """
            Exits with the program's exit code.

            Examples:
              viv exec -it web bash
              viv exec -u www-data -e LANG=C web ls -l /var/www
            """)

    @Flag(name: [.customShort("d"), .long], help: "Do not wait for the program.")
    var detach = false

    @Flag(name: [.customShort("i"), .long], help: "Keep standard input open.")
    var interactive = false

    @Flag(name: [.customShort("t"), .long], help: "Give the program a terminal.")
    var tty = false

    @Flag(help: "All capabilities.")
    var privileged = false

    @Option(
        name: [.customShort("e", allowingJoined: true), .customLong("env")],
        help: ArgumentHelp("Set a variable.", valueName: "name[=value]"))
    var environment: [String] = []

    @Option(help: ArgumentHelp("Read variables from a file.", valueName: "file"), completion: .file())
    var envFile: [String] = []

    @Option(
        name: [.customShort("u", allowingJoined: true), .long],
        help: ArgumentHelp("The user.", valueName: "user[:group]"))
    var user: String?

    @Option(
        name: [.customShort("w", allowingJoined: true), .long],
        help: ArgumentHelp("Working directory.", valueName: "path"))
    var workdir: String?

    @Option(help: ArgumentHelp("Keys that leave the terminal. (default: ctrl-p,ctrl-q)", valueName: "keys"))
    var detachKeys: String?

    @Argument(
        parsing: .captureForPassthrough,
        help: ArgumentHelp(
            "The container, the program and its arguments.", valueName: "container program [argument…]"),
        completion: InstanceNames.completion)
    var words: [String] = []

    func run() throws {
        guard let container = words.first, words.count > 1 else {
            throw Failure.badCommandLine("name a container and a program, as in 'viv exec web ls'")
        }
        guard !container.hasPrefix("-") else {
            throw Failure.badCommandLine("unknown option '\(container)' (see 'viv exec --help')")
        }
        let keys = try detachKeys.map(DetachKeys.init(parsing:)) ?? .standard
        if tty, interactive, !detach, !Terminal.isTerminal(STDIN_FILENO) {
            throw Failure.badCommandLine("standard input is no terminal: leave -t away")
        }
        let client = try DaemonClient.started()
        let answer = try client.json(
            Request.own(.post, "instances", container, "exec").carrying(try spec()))
        guard let id = answer["id"]?.string else { throw Failure.internalFault("the daemon gave no exec id") }
        let request = Request.own(.post, "exec", id, "start", query: [("detach", detach ? "1" : nil)])
        if detach {
            try client.send(request)
            return
        }
        let session = try AttachSession(isTerminal: tty, proxiesSignals: false)
        let connection = try session.connect(request, to: client)
        let end = try session.run(connection, stdin: interactive, detachKeys: keys)
        throw ContainerExit.ended(try Self.code(end, id, client))
    }

    private func spec() throws(Failure) -> ExecSpec {
        var spec = ExecSpec(command: Array(words.dropFirst()))
        for file in envFile {
            spec.environment += try KeyValue.lines(
                of: try TextFile.read(file), file: file, inherited: HostMachine.variable)
        }
        spec.environment += try KeyValue.environment(environment, inherited: HostMachine.variable)
        spec.workingDirectory = workdir
        spec.user = user
        spec.hasTerminal = tty
        spec.terminalSize = tty ? AttachSession.terminalSize : nil
        spec.attachesStdin = interactive && !detach
        spec.attachesStdout = !detach
        spec.attachesStderr = !detach
        spec.isPrivileged = privileged
        return spec
    }

    private static func code(_ end: AttachSession.End, _ id: String, _ client: DaemonClient) throws -> Int32 {
        switch end {
        case .exited(let code): return code
        case .detached, .unread: return 0
        case .lost:
            let record: ExecRecord = try client.fetch(.own(.get, "exec", id))
            return record.exitCode ?? 0
        }
    }
}

/// `viv start`: starts containers that are made or have ended.
struct StartCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Start containers that do not run.",
        discussion: "Examples:\n  viv start web db\n  viv start -ai shell")

    @Flag(name: [.customShort("a"), .long], help: "Show the output and wait for the end.")
    var attach = false

    @Flag(name: [.customShort("i"), .long], help: "Pass standard input on.")
    var interactive = false

    @Option(help: ArgumentHelp("Keys that leave the terminal. (default: ctrl-p,ctrl-q)", valueName: "keys"))
    var detachKeys: String?

    @Argument(help: "Names or ids of containers.", completion: InstanceNames.completion)
    var containers: [String]

    func run() throws {
        let client = try DaemonClient.started()
        guard attach || interactive else {
            try EachInstance.perform(containers) { name in
                try client.send(.own(.post, "instances", name, "start"))
            }
            return
        }
        guard containers.count == 1 else {
            throw Failure.badCommandLine("with -a or -i name one container")
        }
        try attached(client, containers[0])
    }

    private func attached(_ client: DaemonClient, _ name: String) throws {
        let keys = try detachKeys.map(DetachKeys.init(parsing:)) ?? .standard
        let instance: Instance = try client.fetch(.own(.get, "instances", name))
        guard case .container(let spec) = instance.spec else {
            throw Failure.refused("\(instance.name) is a machine: use 'viv machine console'")
        }
        let id = instance.id.text
        let streams = AttachedStreams(names: [], hasStdin: interactive && spec.keepsStdinOpen)
        let session = try AttachSession(isTerminal: spec.hasTerminal, proxiesSignals: true)
        session.proxy = { InstanceSignal.send($0, to: id, client) }
        let connection = try session.connect(streams.request(id), to: client)
        do {
            try client.send(.own(.post, "instances", id, "start"))
        } catch {
            connection.close()
            throw error
        }
        let end = try session.run(connection, stdin: streams.stdin, detachKeys: keys)
        throw ContainerExit.ended(try InstanceEnd.code(end, id, spec, client))
    }
}
