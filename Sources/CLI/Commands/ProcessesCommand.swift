import ArgumentParser
import Model

/// `viv ps`: the running machines of this user.
struct ProcessesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ps",
        abstract: "List your running machines.",
        discussion: """
            Examples:
              viv ps
              viv ps --format json
            """)

    @Option(help: "table or json.")
    var format = ListFormat.table

    func run() throws {
        let directory = try RuntimeDirectory.standard()
        let machines = directory.running().compactMap { id in
            (try? ControlClient(id, in: directory).ask(.status))?.status
        }
        format.show(machines, as: Self.table)
    }

    static func table(_ machines: [MachineStatus]) -> Table {
        var table = Table(["ID", "NAME", "STATE", "CPU", "ENGINE", "MEMORY", "PID", "UP"])
        for machine in machines {
            table.add([
                machine.id.text, machine.name, machine.state.rawValue,
                "\(machine.cpus) × \(machine.arch.rawValue)",
                machine.accelerator.rawValue, "\(ByteSize(bytes: machine.memory))", "\(machine.processID)",
                Duration.seconds(machine.seconds).briefly,
            ])
        }
        return table
    }
}

extension Duration {
    /// The two largest units: `42s`, `3m05s`, `2h07m`, `9d04h`.
    var briefly: String {
        let total = Int(components.seconds)
        let (days, hours, minutes, seconds) = (total / 86400, total / 3600 % 24, total / 60 % 60, total % 60)
        func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        if days > 0 { return "\(days)d\(padded(hours))h" }
        if hours > 0 { return "\(hours)h\(padded(minutes))m" }
        return minutes > 0 ? "\(minutes)m\(padded(seconds))s" : "\(seconds)s"
    }
}
