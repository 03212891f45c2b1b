import ArgumentParser
import Model

/// `viv system`: the daemon as a whole.
struct SystemCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "system", abstract: "Show and clean up what the daemon has.",
        discussion: "Examples:\n  viv system info\n  viv system df\n  viv system prune",
        subcommands: [
            SystemInfoCommand.self, DiskUsageCommand.self, SystemPruneCommand.self, EventsCommand.self,
        ])
}

/// `viv system info`, `viv info`.
struct SystemInfoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info", abstract: "Show what the daemon is and what the host withholds.",
        discussion: "Example:\n  viv system info -f '{{.cgroupVersion}}'")
    @Option(
        name: [.customShort("f"), .long], help: ArgumentHelp("json, or a template.", valueName: "format"))
    var format: String?

    func run() throws {
        let format = try OutputFormat(parsing: format ?? "table")
        let client = try DaemonClient.started()
        let answer = try client.json(.own(.get, "system", "info"))
        switch format {
        case .json: Report.line(answer.compact)
        case .template(let template), .columns(let template): Report.line(try template.render(answer))
        case .table:
            let info = try Decoded.value(SystemInfo.self, answer)
            Self.lines(info, client.address).forEach(Report.line)
            for warning in info.warnings { Report.note("warning: \(warning)") }
        }
    }

    private static func lines(_ info: SystemInfo, _ address: DaemonAddress) -> [String] {
        let pairs: [(String, String)] = [
            ("Daemon", "vivd \(info.version), \(info.isRootless ? "rootless" : "rootful")"),
            ("Address", "\(address)"), ("Data", info.dataFolder),
            (
                "Containers",
                "\(info.instances) (\(info.running) run, \(info.paused) paused, \(info.stopped) stopped)"
            ),
            ("Images", "\(info.images)"), ("Host", "\(info.name), \(info.operatingSystem)"),
            ("Kernel", "\(info.kernel) \(info.architecture)"),
            ("Processors", "\(info.cpus)"), ("Memory", Amounts.binary(info.memory)),
            ("Control groups", "version \(info.cgroupVersion)"),
            ("Security", info.securityOptions.joined(separator: ", ")),
        ]
        return pairs.map { "\($0):" + String(repeating: " ", count: 16 - $0.count) + $1 }
    }
}

/// `viv system df`: what takes space.
struct DiskUsageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "df", abstract: "Show what takes space on the disk.",
        discussion: "Examples:\n  viv system df\n  viv system df -v")
    @Flag(name: [.customShort("v"), .long], help: "Each thing on a line.") var verbose = false
    @Option(help: ArgumentHelp("table, json or a template.", valueName: "format")) var format: String?

    func run() throws {
        let format = try OutputFormat(parsing: format ?? "table")
        let usage: DiskUsage = try DaemonClient.started().fetch(.own(.get, "system", "usage"))
        if format == .json {
            Report.line(JSONValue(usage).compact)
            return
        }
        let kinds = [
            ("Images", usage.images), ("Containers", usage.instances), ("Local Volumes", usage.volumes),
            ("Build Cache", usage.buildCache),
        ]
        try Self.summary(kinds, layers: usage.layers).show(format)
        guard verbose else { return }
        for (title, items) in kinds where !items.isEmpty {
            var table = Table([title.uppercased(), "ID", "SIZE", "CREATED", "IN USE"])
            for item in items {
                let id = item.id.hasPrefix("sha256:") ? item.id.dropFirst(7).prefix(12) : item.id.prefix(12)
                table.add([
                    item.name, String(id), Amounts.decimal(item.size), Amounts.ago(item.created),
                    item.isInUse ? "yes" : "no",
                ])
            }
            Report.line("\n\(table)")
        }
    }

    private static func summary(_ kinds: [(String, [DiskUsage.Item])], layers: UInt64) -> Listing {
        var listing = Listing([
            .init("TYPE", "Type"), .init("TOTAL", "TotalCount"), .init("ACTIVE", "Active"),
            .init("SIZE", "Size"),
            .init("RECLAIMABLE", "Reclaimable"),
        ])
        for (title, items) in kinds {
            // Layers that images share count once.
            let all = title == "Images" ? layers : items.reduce(0) { $0 &+ $1.size }
            let idle = items.filter { !$0.isInUse }.reduce(0) { $0 &+ $1.size }
            listing.add(
                [
                    "Type": title, "TotalCount": "\(items.count)",
                    "Active": "\(items.filter(\.isInUse).count)", "Size": Amounts.decimal(all),
                    "Reclaimable": Amounts.decimal(min(idle, all)),
                ], value: .null)
        }
        return listing
    }
}

/// `viv version`: of the client and the daemon.
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Show the versions of viv and of the daemon, if it runs.",
        discussion: "Example:\n  viv version --format json")
    @Option(
        name: [.customShort("f"), .long], help: ArgumentHelp("json, or a template.", valueName: "format"))
    var format: String?

    func run() throws {
        let format = try OutputFormat(parsing: format ?? "table")
        let daemon = try DaemonClient.running()?.json(.own(.get, "system", "version"))
        let client = JSONValue.object([.init("Version", .string(Viv.configuration.version))])
        let both = JSONValue.object([.init("Client", client), .init("Server", daemon ?? .null)])
        switch format {
        case .json: Report.line(both.compact)
        case .template(let template), .columns(let template): Report.line(try template.render(both))
        case .table:
            Report.line("viv   \(Viv.configuration.version)")
            let version = daemon?["version"]?.string ?? daemon?["Version"]?.string
            Report.line("vivd  \(version ?? "does not run")")
        }
    }
}
