import ArgumentParser
import Glibc
import Host
import Model

/// `viv restart`: stops and starts.
struct RestartCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart", abstract: "Stop containers and start them again.",
        discussion: "Example:\n  viv restart -t 2 web")

    @Option(
        name: [.customShort("t"), .customLong("timeout"), .customLong("time")], parsing: .unconditional,
        help: ArgumentHelp("Seconds until it is killed.", valueName: "seconds"))
    var timeout: Int?

    @Option(name: [.customShort("s"), .long], help: ArgumentHelp("What to send.", valueName: "signal"))
    var signal: String?

    @OptionGroup var targets: Targets

    func run() throws {
        let client = try DaemonClient.started()
        try EachInstance.perform(targets.names) { name in
            try client.send(
                .own(
                    .post, "instances", name, "restart",
                    query: [("timeout", timeout.map { "\($0)" }), ("signal", signal)]))
        }
    }
}

/// `viv rm`: removes containers.
struct RemoveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Remove containers and the machines of the daemon.",
        discussion: "Examples:\n  viv rm web\n  viv rm -fv $(viv ps -aq)")

    @Flag(name: [.customShort("f"), .long], help: "Kill those that run; missing ones are no error.")
    var force = false

    @Flag(name: [.customShort("v"), .long], help: "Remove their anonymous volumes, too.")
    var volumes = false

    @OptionGroup var targets: Targets

    func run() throws {
        let client = try DaemonClient.started()
        try EachInstance.perform(targets.names) { name in
            let query = [("force", force ? "1" : "0"), ("volumes", volumes ? "1" : "0")]
            try Failure.tolerateMissing(force, Report.note) {
                try client.send(.own(.delete, "instances", name, query: query))
            }
        }
    }
}

/// `viv wait`: waits for the end and prints the exit code.
struct WaitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait", abstract: "Wait until containers end and print their exit codes.",
        discussion: "Example:\n  viv wait job")

    @Option(help: ArgumentHelp("not-running, next-exit or removed.", valueName: "condition"))
    var condition: String?

    @OptionGroup var targets: Targets

    func run() throws {
        if let condition, WaitCondition(rawValue: condition) == nil {
            throw Failure.badCommandLine(
                "unknown condition '\(condition)': use not-running, next-exit or removed")
        }
        let client = try DaemonClient.started()
        try EachInstance.perform(targets.names, prints: false) { name in
            let result: WaitResult = try client.fetch(
                .own(.post, "instances", name, "wait", query: [("condition", condition)]))
            if !result.error.isEmpty { throw Failure.refused(result.error) }
            Report.line("\(result.exitCode)")
        }
    }
}

/// `viv rename`: gives another name.
struct RenameCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rename", abstract: "Give a container another name.",
        discussion: "Example:\n  viv rename web web-old")

    @Argument(help: "Name or id.", completion: InstanceNames.completion) var container: String
    @Argument(help: "Its new name.") var name: String

    func run() throws {
        try DaemonClient.started().send(
            .own(.post, "instances", container, "rename", query: [("name", name)]))
    }
}

/// What `update` may change.
struct UpdateBody: Encodable {
    let resources: ContainerResources
    let restart: RestartPolicy?
}

/// `viv update`: changes limits of what runs.
struct UpdateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Change limits and the restart policy, also while containers run.",
        discussion: "Example:\n  viv update -m 512m --cpus 2 --restart always web")

    @OptionGroup var limits: ResourceOptions

    @Option(help: ArgumentHelp("no, always, unless-stopped or on-failure[:COUNT].", valueName: "policy"))
    var restart: String?

    @OptionGroup var targets: Targets

    func run() throws {
        let body = UpdateBody(
            resources: try limits.resources(), restart: try restart.map(LimitOption.restart))
        let client = try DaemonClient.started()
        try EachInstance.perform(targets.names) { name in
            let answer = try client.send(Request.own(.post, "instances", name, "update").carrying(body))
            let warnings = JSONValue(parsing: answer)?["warnings"]?.items ?? []
            for warning in warnings { Report.note("warning: \(warning.string ?? "")") }
        }
    }
}

/// `viv commit`: an image from what a container has changed.
struct CommitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "commit", abstract: "Make an image from a container's files.",
        discussion: "Example:\n  viv commit -c 'CMD [\"nginx\"]' -m 'with my page' web my/web:2")

    @Option(name: [.customShort("a"), .long], help: ArgumentHelp("Who made it.", valueName: "name"))
    var author: String?

    @Option(name: [.customShort("m"), .long], help: ArgumentHelp("A remark.", valueName: "text"))
    var message: String?

    @Option(
        name: [.customShort("c"), .long],
        help: ArgumentHelp("A line of a Dockerfile; repeat for more.", valueName: "line"))
    var change: [String] = []

    @Flag(name: [.customShort("p"), .long], inversion: .prefixedNo, help: "Freeze the container meanwhile.")
    var pause = true

    @Argument(help: "Name or id.", completion: InstanceNames.completion) var container: String
    @Argument(help: "What to call the image.") var reference: String?

    func run() throws {
        let query: [(String, String?)] =
            [
                ("reference", reference), ("author", author), ("comment", message),
                ("pause", pause ? "1" : "0"),
            ] + change.map { ("change", $0) }
        let answer = try DaemonClient.started().json(
            .own(.post, "instances", container, "commit", query: query))
        Report.line(answer["id"]?.string ?? "")
    }
}

/// `viv export`: a container's files as one archive.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write all files of a container as a tar archive.",
        discussion: "Examples:\n  viv export web >web.tar\n  viv export -o web.tar web")

    @Option(
        name: [.customShort("o"), .long], help: ArgumentHelp("Write to a file.", valueName: "file"),
        completion: .file())
    var output: String?

    @Argument(help: "Name or id.", completion: InstanceNames.completion) var container: String

    func run() throws {
        let client = try DaemonClient.started()
        try Download.write(try client.begin(.own(.get, "instances", container, "export")), to: output)
    }
}

/// The body of an answer on its way into a file.
enum Download {
    /// Writes to standard output without a path, which must not be a terminal; a file appears whole or not at all.
    static func write(_ exchange: Exchange, to path: String?) throws {
        guard let path, path != "-" else {
            if Terminal.isTerminal(STDOUT_FILENO) {
                throw Failure.badCommandLine("not to a terminal: give -o FILE, or redirect the output")
            }
            while let bytes = try exchange.nextBytes() { try Descriptors.writeAll(STDOUT_FILENO, bytes) }
            return
        }
        let draft = path + ".part-\(getpid())"
        do {
            let file = try FileDescriptor.open(draft, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
            while let bytes = try exchange.nextBytes() { try Descriptors.writeAll(file.raw, bytes) }
            fsync(file.raw)
            guard rename(draft, path) == 0 else { throw SystemError("write \(path)") }
        } catch {
            unlink(draft)
            throw error
        }
    }
}
