import ArgumentParser
import Model

/// `viv inspect`: everything that is known of something.
struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show everything about containers, machines, images, networks or volumes.",
        discussion: """
            Documents have the form that Docker gives them, so that templates for it work; a machine's is our own.

            Examples:
              viv inspect web
              viv inspect --type volume data
              viv inspect -f '{{.State.Status}} {{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' web
            """)

    @Option(
        name: [.customShort("f"), .long],
        help: ArgumentHelp("json, or a template such as '{{.Id}}'.", valueName: "format"))
    var format: String?

    @Option(help: ArgumentHelp("container, machine, image, network or volume.", valueName: "kind"))
    var type: Kind?

    @Flag(name: [.customShort("s"), .long], help: "With sizes of containers.")
    var size = false

    @Argument(help: "Names or ids.", completion: InstanceNames.completion)
    var names: [String]

    enum Kind: String, ExpressibleByArgument, CaseIterable { case container, machine, image, network, volume }

    func run() throws {
        try Inspection(kinds: type.map { [$0] } ?? Kind.allCases, size: size).show(names, format: format)
    }
}

/// Looks names up among several kinds of things.
struct Inspection {
    let kinds: [InspectCommand.Kind]
    var size = false

    func show(_ names: [String], format: String?) throws {
        let template: Template? = try format.flatMap { text in
            switch try OutputFormat(parsing: text) {
            case .template(let template), .columns(let template): template
            case .json, .table: nil
            }
        }
        let client = try DaemonClient.started()
        var documents: [JSONValue] = []
        var last: Failure?
        for name in names {
            do { documents.append(try find(name, client)) } catch { last = error }
        }
        if let template {
            for document in documents { Report.line(try template.render(document)) }
        } else {
            let list = JSONValue.array(documents)
            Report.line(format == "json" ? list.compact : list.pretty())
        }
        if let last { throw last }
    }

    private func find(_ name: String, _ client: DaemonClient) throws(Failure) -> JSONValue {
        for kind in kinds {
            do {
                return try client.json(request(kind, name))
            } catch {
                // A name of another kind may be no well-formed name of this one.
                guard [400, 404, 501].contains(error.status), kinds.count > 1 || error.status != 400 else {
                    throw error
                }
            }
        }
        let words = kinds.count > 1 ? "container, machine, image, network or volume" : kinds[0].rawValue
        throw .refused("no \(words) '\(name)'")
    }

    private func request(_ kind: InspectCommand.Kind, _ name: String) -> Request {
        switch kind {
        case .container: .docker(.get, "containers", name, "json", query: [("size", size ? "1" : nil)])
        case .machine: .own(.get, "instances", name)
        case .image: .docker(.get, "images", name, "json")
        case .network: .docker(.get, "networks", name)
        case .volume: .docker(.get, "volumes", name)
        }
    }
}
