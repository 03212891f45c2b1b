import ArgumentParser
import Model

/// `viv network`: named networks.
struct NetworkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "network", abstract: "Work with networks.",
        discussion:
            "Examples:\n  viv network create back\n  viv run -d --network back --name db postgres\n  viv network ls",
        subcommands: [
            NetworkCreateCommand.self, NetworkListCommand.self, NetworkInspectCommand.self,
            NetworkConnectCommand.self, NetworkDisconnectCommand.self, NetworkRemoveCommand.self,
            NetworkPruneCommand.self,
        ])
}

struct NetworkCreateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a network.",
        discussion:
            "Examples:\n  viv network create back\n  viv network create --internal --subnet 10.9.0.0/24 db")

    @Option(
        name: [.customShort("d"), .long], help: ArgumentHelp("bridge. (default: bridge)", valueName: "driver")
    )
    var driver = "bridge"
    @Flag(name: .customLong("internal"), help: "Nothing outside is reachable.") var isInternal = false
    @Flag(help: "Accepted for Docker's sake.") var attachable = false
    @Flag(help: "With IPv6 as well.") var ipv6 = false
    @Option(help: ArgumentHelp("Addresses, such as 172.30.0.0/16.", valueName: "subnet")) var subnet:
        [String] = []
    @Option(help: ArgumentHelp("The router's address; in the order of the subnets.", valueName: "address"))
    var gateway: [String] = []
    @Option(help: ArgumentHelp("The part of the subnet to choose from.", valueName: "range")) var ipRange:
        [String] = []
    @Option(help: ArgumentHelp("An address that is never given out.", valueName: "name=address"))
    var auxAddress: [String] = []
    @Option(
        name: [.customShort("o"), .long], help: ArgumentHelp("Option of the driver.", valueName: "key=value"))
    var opt: [String] = []
    @Option(help: ArgumentHelp("Set a label.", valueName: "key=value")) var label: [String] = []
    @Argument(help: "What to call it.") var name: String

    func run() throws {
        guard gateway.count <= subnet.count, ipRange.count <= subnet.count else {
            throw Failure.badCommandLine("--gateway and --ip-range need a --subnet each")
        }
        var spec = NetworkSpec(name: name)
        spec.driver = driver
        spec.isInternal = isInternal
        spec.isAttachable = attachable
        spec.usesIPv6 = ipv6 || subnet.contains { $0.contains(":") }
        for (index, subnet) in subnet.enumerated() {
            var pool = AddressPoolSpec(
                subnet: subnet, gateway: index < gateway.count ? gateway[index] : nil)
            pool.range = index < ipRange.count ? ipRange[index] : nil
            spec.pools.append(pool)
        }
        if !auxAddress.isEmpty {
            guard !spec.pools.isEmpty else { throw Failure.badCommandLine("--aux-address needs a --subnet") }
            spec.pools[0].auxiliaryAddresses = try KeyValue.dictionary(auxAddress, option: "--aux-address")
        }
        spec.options = try KeyValue.dictionary(opt, option: "--opt")
        spec.labels = try KeyValue.dictionary(label, option: "--label")
        let answer = try DaemonClient.started().json(Request.own(.post, "networks").carrying(spec))
        Report.line(answer["id"]?.string ?? answer["record"]?["id"]?.string ?? name)
    }
}

struct NetworkListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List networks.", discussion: "Example:\n  viv network ls",
        aliases: ["list"])
    @OptionGroup var list: ListOptions

    func run() throws {
        let format = try list.outputFormat()
        let answer = try DaemonClient.started().json(
            .own(.get, "networks", query: [("filters", try list.filters())]))
        var listing = Listing([
            .init("NETWORK ID", "ID"), .init("NAME", "Name"), .init("DRIVER", "Driver"),
            .init("SCOPE", "Scope"),
        ])
        var ids: [String] = []
        for item in answer.items {
            let record = try Decoded.value(NetworkRecord.self, item["record"] ?? item)
            ids.append(list.id(record.id))
            let labels = record.spec.labels.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }
            listing.add(
                [
                    "ID": list.id(record.id), "Name": record.spec.name, "Driver": record.spec.driver,
                    "Scope": "local", "Internal": "\(record.spec.isInternal)",
                    "IPv6": "\(record.spec.usesIPv6)", "Labels": labels.joined(separator: ","),
                    "CreatedAt": Amounts.local(record.created),
                ], value: item)
        }
        if list.quiet { ids.forEach(Report.line) } else { try listing.show(format) }
    }
}

struct NetworkInspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show everything about networks.",
        discussion: "Example:\n  viv network inspect -f '{{range .Containers}}{{.IPv4Address}} {{end}}' back")
    @Option(
        name: [.customShort("f"), .long], help: ArgumentHelp("json, or a template.", valueName: "format"))
    var format: String?
    @Argument(help: "Names or ids.") var networks: [String]

    func run() throws { try Inspection(kinds: [.network]).show(networks, format: format) }
}

/// The body of `connect` and `disconnect`.
private struct ConnectionBody: Encodable {
    let instance: String
    var endpoint: EndpointSpec?
    var force: Bool?
}

struct NetworkConnectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connect", abstract: "Connect a container to one more network.",
        discussion: "Example:\n  viv network connect --alias db back postgres")
    @Option(help: ArgumentHelp("One more name in the network.", valueName: "name")) var alias: [String] = []
    @Option(help: ArgumentHelp("IPv4 address.", valueName: "address")) var ip: String?
    @Option(help: ArgumentHelp("IPv6 address.", valueName: "address")) var ip6: String?
    @Option(help: ArgumentHelp("Another container under a name.", valueName: "container[:alias]")) var link:
        [String] = []
    @Option(help: ArgumentHelp("Option of the driver.", valueName: "key=value")) var driverOpt: [String] = []
    @Argument(help: "The network.") var network: String
    @Argument(help: "The container.", completion: InstanceNames.completion) var container: String

    func run() throws {
        var endpoint = EndpointSpec()
        endpoint.aliases = alias
        endpoint.ipv4Address = ip
        endpoint.ipv6Address = ip6
        endpoint.links = link
        endpoint.driverOptions = try KeyValue.dictionary(driverOpt, option: "--driver-opt")
        try DaemonClient.started().send(
            Request.own(.post, "networks", network, "connect")
                .carrying(ConnectionBody(instance: container, endpoint: endpoint)))
    }
}

struct NetworkDisconnectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disconnect", abstract: "Take a container out of a network.",
        discussion: "Example:\n  viv network disconnect back postgres")
    @Flag(name: [.customShort("f"), .long], help: "Whatever the container says.") var force = false
    @Argument(help: "The network.") var network: String
    @Argument(help: "The container.", completion: InstanceNames.completion) var container: String

    func run() throws {
        try DaemonClient.started().send(
            Request.own(.post, "networks", network, "disconnect")
                .carrying(ConnectionBody(instance: container, force: force)))
    }
}

struct NetworkRemoveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Remove networks that nobody uses.",
        discussion: "Example:\n  viv network rm back", aliases: ["remove"])
    @Flag(name: [.customShort("f"), .long], help: "Missing ones are no error.") var force = false
    @Argument(help: "Names or ids.") var networks: [String]

    func run() throws {
        let client = try DaemonClient.started()
        try EachInstance.perform(networks) { name in
            try Failure.tolerateMissing(force) { try client.send(.own(.delete, "networks", name)) }
        }
    }
}
