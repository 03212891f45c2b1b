import ArgumentParser
import Glibc
import Host
import Model

/// `viv stats`: what containers use, again and again.
struct StatsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Show what containers use: CPU, memory, network, disks.",
        discussion: "Examples:\n  viv stats\n  viv stats --no-stream --format json web")

    @Flag(name: [.customShort("a"), .long], help: "Those that do not run as well.")
    var all = false

    @Flag(help: "Show it once.")
    var noStream = false

    @Flag(help: "Do not shorten ids.")
    var noTrunc = false

    @Option(help: ArgumentHelp("table, json, or a template such as '{{.CPUPerc}}'.", valueName: "format"))
    var format: String?

    @Argument(help: "Names or ids; all that run if none is given.", completion: InstanceNames.completion)
    var containers: [String] = []

    func run() throws {
        let format = try OutputFormat(parsing: format ?? "table")
        let client = try DaemonClient.started()
        var before = try samples(client)
        let isLive = !noStream && Terminal.isTerminal(STDOUT_FILENO)
        repeat {
            // Rates need two looks.
            sleep(1)
            let now = try samples(client)
            if isLive { Report.text("\u{1b}[H\u{1b}[J") }
            try show(now, before, format)
            before = now
        } while !noStream
    }

    private func samples(_ client: DaemonClient) throws -> [InstanceStatistics] {
        var names = containers
        if names.isEmpty {
            let instances: [Instance] = try client.fetch(
                .own(.get, "instances", query: [("all", all ? "1" : "0")]))
            names = instances.map(\.id.text)
        }
        var samples: [InstanceStatistics] = []
        for name in names {
            // One that was listed may have ended between the two questions.
            try Failure.tolerateMissing(containers.isEmpty) {
                samples.append(
                    try client.fetch(
                        .own(.get, "instances", name, "stats", query: [("stream", "0")])))
            }
        }
        return samples
    }

    private func show(
        _ now: [InstanceStatistics], _ before: [InstanceStatistics], _ format: OutputFormat
    ) throws {
        var listing = Listing(StatisticsRow.columns)
        for sample in now {
            let earlier = before.first { $0.id == sample.id }
            let id = noTrunc ? sample.id.text : sample.id.short
            listing.add(StatisticsRow.fields(of: sample, since: earlier, id: id), value: JSONValue(sample))
        }
        try listing.show(format)
    }
}

/// One line of `viv stats`.
package enum StatisticsRow {
    static let columns = [
        Listing.Column("CONTAINER ID", "ID"), .init("NAME", "Name"), .init("CPU %", "CPUPerc"),
        .init("MEM USAGE / LIMIT", "MemUsage"), .init("MEM %", "MemPerc"), .init("NET I/O", "NetIO"),
        .init("BLOCK I/O", "BlockIO"), .init("PIDS", "PIDs"),
    ]

    static func fields(
        of sample: InstanceStatistics, since earlier: InstanceStatistics?, id: String
    ) -> KeyValuePairs<String, String> {
        let memory = memory(sample.memory)
        let received = sample.networks.reduce(0) { $0 &+ $1.receivedBytes }
        let sent = sample.networks.reduce(0) { $0 &+ $1.sentBytes }
        let read = sample.blocks.reduce(0) { $0 &+ $1.readBytes }
        let written = sample.blocks.reduce(0) { $0 &+ $1.writtenBytes }
        let share = sample.memory.limit > 0 ? Double(memory) / Double(sample.memory.limit) * 100 : 0
        return [
            "ID": id, "Container": id, "Name": sample.name,
            "CPUPerc": Amounts.fixed(processorShare(sample, since: earlier), 2) + "%",
            "MemUsage": "\(Amounts.binary(memory)) / \(Amounts.binary(sample.memory.limit))",
            "MemPerc": Amounts.fixed(share, 2) + "%",
            "NetIO": "\(Amounts.decimal(received)) / \(Amounts.decimal(sent))",
            "BlockIO": "\(Amounts.decimal(read)) / \(Amounts.decimal(written))",
            "PIDs": "\(sample.processes)",
        ]
    }

    /// Percent of one processor between two samples.
    package static func processorShare(_ sample: InstanceStatistics, since earlier: InstanceStatistics?)
        -> Double
    {
        guard let earlier, sample.time > earlier.time, sample.cpu.total >= earlier.cpu.total else { return 0 }
        return Double(sample.cpu.total - earlier.cpu.total) / 1e9 / (sample.time - earlier.time) * 100
    }

    /// Without the part of the page cache that the kernel can drop at once.
    private static func memory(_ use: MemoryUse) -> UInt64 {
        let cache = use.details["inactive_file"] ?? use.details["total_inactive_file"] ?? 0
        return use.usage > cache ? use.usage - cache : 0
    }
}
