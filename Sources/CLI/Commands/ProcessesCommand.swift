import ArgumentParser
import Model

/// `viv ps`: the running machines and containers of this user.
struct ProcessesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ps",
        abstract: "List what runs: containers, and machines with or without the daemon.",
        discussion: """
            The daemon is not started for it, except by -a when there are containers of its own on disk.

            Examples:
              viv ps
              viv ps -a --filter status=exited --filter label=tier=web
              viv ps --format '{{.Names}}: {{.Status}}'
              viv ps --format 'table {{.ID}}\\t{{.Ports}}'
              viv ps --format json
            """)

    @Flag(name: [.customShort("a"), .long], help: "Those that do not run as well.")
    var all = false

    @Flag(name: [.customShort("l"), .long], help: "The one made last.")
    var latest = false

    @Option(
        name: [.customShort("n"), .long], parsing: .unconditional,
        help: ArgumentHelp("The ones made last.", valueName: "count"))
    var last: Int?

    @Flag(name: [.customShort("s"), .long], help: "Show sizes.")
    var size = false

    @OptionGroup var list: ListOptions

    func run() throws {
        let format = try list.outputFormat()
        let directory = try RuntimeDirectory.standard()
        let instances = try fetch()
        let managed = Set(instances.map(\.0.name))
        var listing = Listing(InstanceRow.columns + (size ? [.init("SIZE", "Size")] : []))
        for (instance, size) in instances {
            listing.add(
                InstanceRow.fields(of: instance, size: size, options: list), value: JSONValue(instance))
        }
        var ids = instances.map { list.id($0.0.id.text) }
        // Conditions are about containers.
        let machines = list.filter.isEmpty && !latest && last == nil ? MachineList.running(in: directory) : []
        for machine in machines where !managed.contains(machine.name) {
            listing.add(MachineRow.fields(of: machine), value: JSONValue(machine))
            ids.append(machine.id.text)
        }
        if list.quiet { ids.forEach(Report.line) } else { try listing.show(format) }
    }

    private func fetch() throws -> [(Instance, InstanceSize?)] {
        let wantsAll = all || latest || last != nil
        let filters = try list.filters()
        guard let client = try wantsAll ? DaemonClient.startedForWhatIsStored() : DaemonClient.running()
        else { return [] }
        var instances: [Instance] = try client.fetch(
            .own(.get, "instances", query: [("all", wantsAll ? "1" : "0"), ("filters", filters)]))
        instances.sort { $0.created > $1.created }
        if let count = latest ? 1 : last, count >= 0 { instances = Array(instances.prefix(count)) }
        return instances.map { ($0, size ? Self.size(of: $0, client) : nil) }
    }

    private static func size(of instance: Instance, _ client: DaemonClient) -> InstanceSize? {
        try? client.fetch(.own(.get, "instances", instance.id.text, "size"))
    }
}

/// Machines that run without the daemon.
enum MachineList {
    static func running(in directory: RuntimeDirectory) -> [MachineStatus] {
        directory.running().compactMap { id in
            (try? ControlClient(id, in: directory).ask(.status))?.status
        }
    }
}
