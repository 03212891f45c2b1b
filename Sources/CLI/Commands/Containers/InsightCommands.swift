import ArgumentParser
import Model

/// `viv top`: the processes of a container.
struct TopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "List the processes of a container.",
        discussion: "Examples:\n  viv top web\n  viv top web -o pid,comm")

    @Argument(
        parsing: .captureForPassthrough,
        help: ArgumentHelp("The container, and options of ps(1).", valueName: "container [option…]"),
        completion: InstanceNames.completion)
    var words: [String] = []

    func run() throws {
        guard let name = words.first, !name.hasPrefix("-") else {
            throw Failure.badCommandLine("name a container (see 'viv top --help')")
        }
        let options = words.count > 1 ? words.dropFirst().joined(separator: " ") : nil
        let list: ProcessTable = try DaemonClient.started().fetch(
            .own(.get, "instances", name, "top", query: [("ps_args", options)]))
        Report.line(Table(aligning: [list.titles] + list.processes).description)
    }
}

/// `viv diff`: which files differ from the image's.
struct DiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "List files that differ from the image's: A added, C changed, D deleted.",
        discussion: "Example:\n  viv diff web")

    @Argument(help: "Name or id.", completion: InstanceNames.completion) var container: String

    func run() throws {
        let changes: [FileChange] = try DaemonClient.started().fetch(
            .own(.get, "instances", container, "changes"))
        for change in changes {
            let letter = [FileChange.Kind.added: "A", .deleted: "D"][change.kind] ?? "C"
            Report.line("\(letter) \(change.path)")
        }
    }
}

/// `viv port`: where published ports are.
struct PortCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "port", abstract: "Show where the ports of a container are published.",
        discussion: "Examples:\n  viv port web\n  viv port web 80/tcp")

    @Argument(help: "Name or id.", completion: InstanceNames.completion) var container: String
    @Argument(help: "One of its ports.") var port: String?

    func run() throws {
        let wanted = try port.map { try PortOption.exposed($0) }
        let instance: Instance = try DaemonClient.started().fetch(.own(.get, "instances", container))
        var found = false
        for mapping in instance.ports {
            let inside = "\(mapping.containerPort)/\(mapping.transport.rawValue)"
            let address = mapping.hostAddress.contains(":") ? "[\(mapping.hostAddress)]" : mapping.hostAddress
            if let wanted, !wanted.contains(inside) { continue }
            found = true
            Report.line((wanted == nil ? "\(inside) -> " : "") + "\(address):\(mapping.hostPort)")
        }
        if let port, !found { throw Failure.refused("port \(port) of \(instance.name) is not published") }
    }
}

/// `viv events`: what happens, as it happens.
struct EventsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Show what happens to containers, images, networks and volumes.",
        discussion: """
            Examples:
              viv events
              viv events --since 1h --until 0s --filter type=container --format '{{.Action}} {{.Actor}}'
            """)

    @Option(help: ArgumentHelp("From then on: 10m, a date or a Unix time.", valueName: "time")) var since:
        String?
    @Option(help: ArgumentHelp("Until then.", valueName: "time")) var until: String?
    @Option(
        name: [.customShort("f"), .long], help: ArgumentHelp("Only what matches.", valueName: "key=value"))
    var filter: [String] = []
    @Option(help: ArgumentHelp("json, or a template such as '{{.Action}}'.", valueName: "format"))
    var format: String?

    func run() throws {
        let format = try OutputFormat(parsing: format ?? "table")
        let request = Request.own(
            .get, "events",
            query: [
                ("since", try since.map { try LogsCommand.stamp($0, "--since") }),
                ("until", try until.map { try LogsCommand.stamp($0, "--until") }),
                ("filters", try ListOptions.encoded(filter)),
            ])
        try DaemonClient.started().lines(request) { line in
            Report.line(try Self.text(of: line, format))
        }
    }

    /// Docker's line: time, subject, action, actor, attributes.
    private static func text(of event: JSONValue, _ format: OutputFormat) throws -> String {
        let attributes = (event["attributes"]?.fields ?? []).map { "\($0.name)=\($0.value.string ?? "")" }
        let time = Amounts.precise(nanoseconds: event["time"]?.integer ?? 0)
        let (subject, action) = (event["subject"]?.string ?? "", event["action"]?.string ?? "")
        let actor = event["actor"]?.string ?? ""
        switch format {
        case .json: return event.compact
        case .template(let template), .columns(let template):
            return try template.render(
                .object([
                    .init("Time", .string(time)), .init("Type", .string(subject)),
                    .init("Action", .string(action)), .init("Status", .string(action)),
                    .init("ID", .string(actor)), .init("Actor", .string(actor)),
                    .init("Attributes", event["attributes"] ?? .null),
                ]))
        case .table:
            let list = attributes.isEmpty ? "" : " (\(attributes.joined(separator: ", ")))"
            return "\(time) \(subject) \(action) \(actor)\(list)"
        }
    }
}
