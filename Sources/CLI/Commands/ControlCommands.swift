import ArgumentParser
import Model

/// Machines without a daemon and the daemon's instances, found by one name.
struct BothWorlds {
    /// What a name means.
    enum Target {
        case machine(MachineID)
        /// The daemon knows it, or will say that it does not.
        case instance(DaemonClient)
    }

    private let directory: RuntimeDirectory
    private let client: DaemonClient?

    /// The daemon is asked when it runs; it is not started.
    init() throws(Failure) {
        directory = try RuntimeDirectory.standard()
        client = try DaemonClient.running()
    }

    /// A machine's id or name wins, as it did before there was a daemon.
    func find(_ name: String) throws(Failure) -> Target {
        let isManaged = client.map { Self.knows($0, name) } ?? false
        if !isManaged {
            do {
                return .machine(try MachineLookup(directory).find(name))
            } catch {
                guard client == nil else {
                    throw .refused("no container or machine '\(name)': see 'viv ps -a'")
                }
                throw .refused("\(error.description) (the daemon does not run: no container does)")
            }
        }
        guard let client else { throw .refused("no container '\(name)'") }
        return .instance(client)
    }

    private static func knows(_ client: DaemonClient, _ name: String) -> Bool {
        (try? client.send(.own(.get, "instances", name))) != nil
    }

    /// Asks a machine without a daemon.
    func ask(_ id: MachineID, _ command: ControlCommand) throws(Failure) {
        let reply = try ControlClient(id, in: directory).ask(command)
        if let refusal = reply.refusal { throw .refused("\(id): \(refusal)") }
    }

    /// Does the same to each of `names`.
    func perform(_ names: [String], _ command: ControlCommand, _ request: (String) -> Request?) throws {
        try EachInstance.perform(names) { name in
            switch try find(name) {
            case .machine(let id): try ask(id, command)
            case .instance(let client):
                guard let request = request(name) else {
                    throw Failure.refused(
                        "'\(name)' is no machine that runs without the daemon: use 'viv restart'")
                }
                try client.send(request)
            }
        }
    }
}

/// The machines and containers that a command means.
struct Targets: ParsableArguments {
    @Argument(
        help: "Ids, beginnings of ids or names (see 'viv ps').", completion: InstanceNames.completion)
    var names: [String]
}

/// `viv stop`: asks a guest to power down, a container to end.
struct StopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Ask containers to end and guests to power down.",
        discussion: """
            A container gets its stop signal, and SIGKILL when it still runs 10 seconds later.

            Examples:
              viv stop web
              viv stop -t 1 web db
              viv stop 4f02ac
            """)

    @Option(
        name: [.customShort("t"), .customLong("timeout"), .customLong("time")], parsing: .unconditional,
        help: ArgumentHelp("Seconds until a container is killed; -1: never.", valueName: "seconds"))
    var timeout: Int?

    @Option(name: [.customShort("s"), .long], help: ArgumentHelp("What to send.", valueName: "signal"))
    var signal: String?

    @OptionGroup var targets: Targets

    func run() throws {
        let query = [("timeout", timeout.map { "\($0)" }), ("signal", signal)]
        try BothWorlds().perform(targets.names, .stop) {
            .own(.post, "instances", $0, "stop", query: query)
        }
    }
}

/// `viv kill`: ends a machine or container at once.
struct KillCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kill", abstract: "End containers and machines at once, or send a container a signal.",
        discussion: "Examples:\n  viv kill busybox\n  viv kill -s HUP web")

    @Option(
        name: [.customShort("s"), .long],
        help: ArgumentHelp("For containers. (default: KILL)", valueName: "signal"))
    var signal: String?

    @OptionGroup var targets: Targets

    func run() throws {
        try BothWorlds().perform(targets.names, .kill) {
            .own(.post, "instances", $0, "kill", query: [("signal", signal)])
        }
    }
}

/// `viv pause`: stops CPUs and time of a machine, freezes a container.
struct PauseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Freeze containers, stop the CPUs and the time of machines.",
        discussion: "Example:\n  viv pause busybox")
    @OptionGroup var targets: Targets

    func run() throws {
        try BothWorlds().perform(targets.names, .pause) { .own(.post, "instances", $0, "pause") }
    }
}

/// `viv resume`: lets a paused one go on.
struct ResumeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Let paused containers and machines go on.",
        discussion: "'viv unpause' is the same.\n\nExample:\n  viv resume busybox", aliases: ["unpause"])
    @OptionGroup var targets: Targets

    func run() throws {
        try BothWorlds().perform(targets.names, .resume) { .own(.post, "instances", $0, "resume") }
    }
}

/// `viv reset`: starts the guest again, as the reset button of a computer does.
struct ResetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset", abstract: "Start a guest again, as a reset button does.",
        discussion: "Example:\n  viv reset busybox")
    @OptionGroup var targets: Targets

    func run() throws { try BothWorlds().perform(targets.names, .reset) { _ in nil } }
}
