import ArgumentParser
import Glibc
import Host
import Model

/// `viv machine`: machines that the daemon looks after.
struct MachineCommandGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "machine", abstract: "Work with machines that the daemon looks after.",
        discussion: """
            Machines of 'viv boot' need no daemon and end with their terminal; these go on by themselves.

            Examples:
              viv machine run --name box busybox
              viv machine console box
              viv machine stop box
            """,
        subcommands: [
            MachineRunCommand.self, MachineListCommand.self, MachineStopCommand.self, MachineKillCommand.self,
            MachineConsoleCommand.self, MachineRemoveCommand.self,
        ])
}

struct MachineRunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Make and start a machine from a guest of the catalogue.",
        discussion: "Examples:\n  viv machine run busybox\n  viv machine run -it --rm --memory 1G debian")

    @Option(help: ArgumentHelp("What to call it.", valueName: "name")) var name: String?
    @Option(help: ArgumentHelp("Number of CPUs, 1 to 8.", valueName: "count")) var cpus = 1
    @Option(name: [.customShort("m"), .long], help: ArgumentHelp("RAM. (default: 512M)", valueName: "size"))
    var memory: ByteSize = ByteSize(bytes: 512 << 20)
    @Option(help: ArgumentHelp("The guest's CPU.", valueName: "arch")) var arch = GuestArchitecture.riscv64
    @Flag(help: "Throw disk writes away when it ends.") var ephemeral = false
    @Flag(name: .customLong("rm"), help: "Remove it when it ends.") var removes = false
    @Flag(name: [.customShort("i"), .long], help: "Show the console.") var interactive = false
    @Flag(name: [.customShort("t"), .long], help: "Show the console.") var tty = false
    @Flag(name: [.customShort("d"), .long], help: "Do not show the console, as usual.") var detach = false
    @Option(help: ArgumentHelp("no, always, unless-stopped or on-failure[:COUNT].", valueName: "policy"))
    var restart: String?
    @Option(name: [.customShort("l"), .long], help: ArgumentHelp("Set a label.", valueName: "key=value"))
    var label: [String] = []
    @Argument(help: "A guest of the catalogue (see 'viv guests').") var guest: String

    func run() throws {
        _ = try CatalogueGuest.find(guest)
        guard MachineSpec.cpuRange.contains(cpus) else {
            throw Failure.badCommandLine("a machine has 1 to 8 CPUs, not \(cpus)")
        }
        var spec = ManagedMachineSpec(guest: guest)
        spec.arch = arch
        spec.cpus = cpus
        spec.memory = memory.bytes
        spec.isEphemeral = ephemeral
        spec.removesItself = removes
        spec.labels = try KeyValue.dictionary(label, option: "--label")
        if let restart { spec.restart = try LimitOption.restart(restart) }
        let client = try DaemonClient.started()
        let created: Created = try client.fetch(
            Request.own(.post, "instances", query: [("name", name)]).carrying(InstanceSpec.machine(spec)))
        let id = created.id.text
        for warning in created.warnings { Report.note("warning: \(warning)") }
        let showsConsole = (interactive || tty) && !detach
        guard showsConsole else {
            try client.send(.own(.post, "instances", id, "start"))
            Report.line(id)
            return
        }
        throw ContainerExit.ended(try MachineConsole.serve(id, client, starts: true))
    }
}

/// The console of a machine.
enum MachineConsole {
    static func serve(_ id: String, _ client: DaemonClient, starts: Bool) throws -> Int32 {
        let streams = AttachedStreams(names: [], hasStdin: true)
        let session = try AttachSession(isTerminal: true, proxiesSignals: false)
        let connection: StreamConnection
        if starts {
            // A machine that does not run may have no console to attach to.
            try client.send(.own(.post, "instances", id, "start"))
        }
        connection = try session.connect(streams.request(id), to: client)
        if Terminal.isTerminal(STDIN_FILENO) { Report.note("Ctrl-P Ctrl-Q leave the machine running") }
        let end = try session.run(connection, stdin: true, detachKeys: .standard)
        return try InstanceEnd.code(end, id, nil, client)
    }
}

struct MachineConsoleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "console", abstract: "Be the console of a machine.",
        discussion: "Ctrl-P Ctrl-Q leave it running.\n\nExample:\n  viv machine console box")
    @Argument(help: "Name or id.", completion: InstanceNames.completion) var machine: String

    func run() throws {
        let client = try DaemonClient.started()
        let instance: Instance = try client.fetch(.own(.get, "instances", machine))
        guard case .machine = instance.spec else {
            throw Failure.refused("\(instance.name) is a container: use 'viv attach \(instance.name)'")
        }
        throw ContainerExit.ended(try MachineConsole.serve(instance.id.text, client, starts: false))
    }
}

struct MachineListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List the daemon's machines.",
        discussion: "Example:\n  viv machine ls -a", aliases: ["list"])
    @Flag(name: [.customShort("a"), .long], help: "Those that do not run as well.") var all = false
    @OptionGroup var list: ListOptions

    func run() throws {
        let format = try list.outputFormat()
        guard let client = try DaemonClient.startedForWhatIsStored() else {
            if format == .json { Report.line("[]") }
            return
        }
        let instances: [Instance] = try client.fetch(
            .own(.get, "instances", query: [("all", all ? "1" : "0"), ("filters", try list.filters())]))
        var listing = Listing([
            .init("MACHINE ID", "ID"), .init("GUEST", "Guest"), .init("CPU", "CPU"),
            .init("MEMORY", "Memory"),
            .init("STATUS", "Status"), .init("NAMES", "Names"),
        ])
        for instance in instances {
            guard case .machine(let spec) = instance.spec else { continue }
            if list.quiet { Report.line(list.id(instance.id.text)) }
            listing.add(
                [
                    "ID": list.id(instance.id.text), "Guest": spec.guest,
                    "CPU": "\(spec.cpus) × \(spec.arch.rawValue)",
                    "Memory": "\(ByteSize(bytes: spec.memory))",
                    "State": instance.state.rawValue,
                    "Status": InstanceRow.status(of: instance, now: Amounts.now), "Names": instance.name,
                ], value: JSONValue(instance))
        }
        if !list.quiet { try listing.show(format) }
    }
}

struct MachineStopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Ask guests to power down.",
        discussion: "Example:\n  viv machine stop box")
    @Option(
        name: [.customShort("t"), .customLong("timeout"), .customLong("time")], parsing: .unconditional,
        help: ArgumentHelp("Seconds until it is killed.", valueName: "seconds"))
    var timeout: Int?
    @OptionGroup var targets: Targets

    func run() throws {
        let client = try DaemonClient.started()
        try EachInstance.perform(targets.names) { name in
            try client.send(
                .own(.post, "instances", name, "stop", query: [("timeout", timeout.map { "\($0)" })]))
        }
    }
}

struct MachineKillCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kill", abstract: "End machines at once.", discussion: "Example:\n  viv machine kill box"
    )
    @OptionGroup var targets: Targets

    func run() throws {
        let client = try DaemonClient.started()
        try EachInstance.perform(targets.names) { try client.send(.own(.post, "instances", $0, "kill")) }
    }
}

struct MachineRemoveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Remove machines.", discussion: "Example:\n  viv machine rm -f box",
        aliases: ["remove"])
    @Flag(name: [.customShort("f"), .long], help: "Kill those that run.") var force = false
    @OptionGroup var targets: Targets

    func run() throws {
        let client = try DaemonClient.started()
        try EachInstance.perform(targets.names) { name in
            try client.send(.own(.delete, "instances", name, query: [("force", force ? "1" : "0")]))
        }
    }
}
