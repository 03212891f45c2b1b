import ArgumentParser
import Model

/// A container's name and its place in networks.
struct ConnectionOptions: ParsableArguments {
    @Option(
        name: [.customShort("p", allowingJoined: true), .long],
        help: ArgumentHelp(
            "Publish a port; without an address at 127.0.0.1.", valueName: "[[address:]hostport:]port[/udp]"))
    var publish: [String] = []

    @Flag(
        name: [.customShort("P"), .long], help: "Publish all exposed ports at ports of the host's choosing.")
    var publishAll = false

    @Option(help: ArgumentHelp("Declare a port.", valueName: "port[/udp]"))
    var expose: [String] = []

    @Option(
        name: [.customLong("network"), .customLong("net")],
        help: ArgumentHelp(
            "A network's name, or bridge, none, host, container:ID; repeat for more.", valueName: "network"))
    var network: [String] = []

    @Option(
        name: [.customLong("network-alias"), .customLong("net-alias")],
        help: ArgumentHelp("One more name in the network.", valueName: "name"))
    var networkAlias: [String] = []

    @Option(help: ArgumentHelp("IPv4 address in the network.", valueName: "address"))
    var ip: String?

    @Option(help: ArgumentHelp("IPv6 address in the network.", valueName: "address"))
    var ip6: String?

    @Option(help: ArgumentHelp("Hardware address.", valueName: "address"))
    var macAddress: String?

    @Option(help: ArgumentHelp("Another container under a name.", valueName: "container[:alias]"))
    var link: [String] = []

    @Option(help: ArgumentHelp("Name server.", valueName: "address"))
    var dns: [String] = []

    @Option(help: ArgumentHelp("Domain to search names in.", valueName: "domain"))
    var dnsSearch: [String] = []

    @Option(
        name: [.customLong("dns-option"), .customLong("dns-opt")],
        help: ArgumentHelp("Option of the resolver.", valueName: "option"))
    var dnsOption: [String] = []

    @Option(help: ArgumentHelp("Line of /etc/hosts; host-gateway is the host.", valueName: "name:address"))
    var addHost: [String] = []

    @Option(
        name: [.customShort("h", allowingJoined: true), .long],
        help: ArgumentHelp("Host name in the container.", valueName: "name"))
    var hostname: String?

    @Option(help: ArgumentHelp("Domain name in the container.", valueName: "name"))
    var domainname: String?

    func apply(to spec: inout ContainerSpec) throws(Failure) {
        spec.hostname = hostname
        spec.domainName = domainname
        var result = ContainerNetworking()
        for text in publish { result.ports += try PortOption.parse(text) }
        for text in expose { result.exposedPorts += try PortOption.exposed(text) }
        result.publishesAll = publishAll
        result.nameServers = dns
        result.searchDomains = dnsSearch
        result.resolverOptions = dnsOption
        for text in addHost { result.extraHosts.append(try Self.extraHost(text)) }
        result.macAddress = macAddress
        result.links = link
        try applyNetworks(to: &result)
        spec.network = result
    }

    /// The options beside `--network` belong to the first one.
    private func applyNetworks(to result: inout ContainerNetworking) throws(Failure) {
        var choices: [NetworkChoice] = []
        for text in network { choices.append(try NetworkChoice(parsing: text)) }
        var first = choices.first ?? NetworkChoice(name: "default")
        first.endpoint.aliases += networkAlias
        first.endpoint.ipv4Address = ip ?? first.endpoint.ipv4Address
        first.endpoint.ipv6Address = ip6 ?? first.endpoint.ipv6Address
        first.endpoint.macAddress = macAddress ?? first.endpoint.macAddress
        let isUserDefined =
            !["default", "bridge", "host", "none"].contains(first.name) && !first.name.hasPrefix("container:")
        guard isUserDefined || (ip == nil && ip6 == nil && networkAlias.isEmpty) else {
            throw .badCommandLine(
                "--ip, --ip6 and --network-alias need a network of your own: see 'viv network create'")
        }
        result.mode = first.name
        if first.endpoint != EndpointSpec() { result.endpoints[first.name] = first.endpoint }
        for choice in choices.dropFirst() { result.endpoints[choice.name] = choice.endpoint }
    }

    /// Both `name:address` and `name=address` are in use; IPv6 addresses may stand in brackets.
    static func extraHost(_ text: String) throws(Failure) -> String {
        guard let split = text.firstIndex(where: { $0 == ":" || $0 == "=" }), split != text.startIndex else {
            throw .badCommandLine("--add-host takes NAME:ADDRESS, not '\(text)'")
        }
        let address = text[text.index(after: split)...].filter { $0 != "[" && $0 != "]" }
        return "\(text[..<split]):\(address)"
    }
}

extension NetworkChoice {
    init(name: String) { self.name = name }
}
