import ArgumentParser
import Glibc
import Host
import Model

/// What every `prune` takes.
struct PruneOptions: ParsableArguments {
    @Flag(name: [.customShort("f"), .long], help: "Do not ask.")
    var force = false

    @Option(help: ArgumentHelp("Only what matches, such as until=24h.", valueName: "key=value"))
    var filter: [String] = []

    /// Asks, prunes and tells.
    ///
    /// - Parameter what: `instances`, `images`, `networks`, `volumes`.
    func prune(_ what: [String], all: Bool = false, andBuilds: Bool = false, warning: String) throws {
        guard force || Self.confirms(warning) else { throw Failure.refused("nothing was removed") }
        let filters = try ListOptions.encoded(filter)
        let client = try DaemonClient.started()
        var reclaimed: UInt64 = 0
        for kind in what {
            let answer = try client.json(
                .own(
                    .post, "system", "prune",
                    query: [("what", kind), ("all", all ? "1" : "0"), ("filters", filters)]))
            let report = try Decoded.value(PruneReport.self, answer[kind] ?? answer)
            if !report.removed.isEmpty { Report.line("Deleted \(kind):") }
            report.removed.forEach(Report.line)
            reclaimed &+= report.reclaimed
        }
        if andBuilds {
            let answer = try client.json(.docker(.post, "build", "prune", query: [("all", all ? "1" : "0")]))
            reclaimed &+= answer["SpaceReclaimed"]?.size ?? 0
        }
        Report.line("Total reclaimed space: \(Amounts.decimal(reclaimed))")
    }

    private static func confirms(_ warning: String) -> Bool {
        guard Terminal.isTerminal(STDIN_FILENO) else { return false }
        Report.text("WARNING! This will remove \(warning).\nAre you sure you want to continue? [y/N] ")
        let answer = readLine()?.lowercased() ?? ""
        return answer == "y" || answer == "yes"
    }
}

/// `viv prune`: containers that have ended.
struct PruneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Remove all containers that do not run.",
        discussion: "Example:\n  viv prune -f --filter until=24h")
    @OptionGroup var options: PruneOptions

    func run() throws { try options.prune(["instances"], warning: "all stopped containers") }
}

struct ImagePruneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Remove images without a name.",
        discussion: "Example:\n  viv image prune -a")
    @Flag(name: [.customShort("a"), .long], help: "All that no container uses.") var all = false
    @OptionGroup var options: PruneOptions

    func run() throws {
        try options.prune(
            ["images"], all: all, warning: all ? "all images without a container" : "all dangling images")
    }
}

struct NetworkPruneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Remove networks that nobody uses.",
        discussion: "Example:\n  viv network prune -f")
    @OptionGroup var options: PruneOptions

    func run() throws { try options.prune(["networks"], warning: "all networks without a container") }
}

struct VolumePruneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Remove anonymous volumes that nobody uses.",
        discussion: "Example:\n  viv volume prune -a -f")
    @Flag(name: [.customShort("a"), .long], help: "Named ones as well.") var all = false
    @OptionGroup var options: PruneOptions

    func run() throws { try options.prune(["volumes"], all: all, warning: "all volumes without a container") }
}

struct SystemPruneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Remove everything that is not in use.",
        discussion: "Examples:\n  viv system prune\n  viv system prune -a --volumes -f")
    @Flag(name: [.customShort("a"), .long], help: "All images that no container uses.") var all = false
    @Flag(help: "Anonymous volumes as well.") var volumes = false
    @OptionGroup var options: PruneOptions

    func run() throws {
        let kinds = ["instances", "networks"] + (volumes ? ["volumes"] : []) + ["images"]
        let words = (kinds + ["cached build steps"]).joined(separator: ", ")
        try options.prune(kinds, all: all, andBuilds: true, warning: "all that is not in use: \(words)")
    }
}
