import Model

/// The texts of files that every container has below /etc.
enum EtcFiles {
    private static let usualHosts = """
        127.0.0.1\tlocalhost
        ::1\tlocalhost ip6-localhost ip6-loopback
        fe00::\tip6-localnet
        ff00::\tip6-mcastprefix
        ff02::1\tip6-allnodes
        ff02::2\tip6-allrouters

        """

    /// - Parameters:
    ///   - base: the host's own file, for who shares its network; `nil` means the usual lines.
    ///   - extra: lines of the user's, `name:address`; `host-gateway` stands for `gateway`.
    ///   - links: further names by address.
    static func hosts(
        base: String? = nil, hostname: String, domain: String?, endpoints: [Endpoint], extra: [String],
        links: [(address: String, names: String)] = [], gateway: String
    ) -> String {
        var text = base ?? usualHosts
        if !text.hasSuffix("\n") { text += "\n" }
        for line in extra {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let address = String(line[line.index(after: colon)...])
            text += "\(address == "host-gateway" ? gateway : address)\t\(line[..<colon])\n"
        }
        for link in links { text += "\(link.address)\t\(link.names)\n" }
        let names = domain.map { "\(hostname).\($0) \(hostname)" } ?? hostname
        for endpoint in endpoints {
            for address in [endpoint.ipv4Address, endpoint.ipv6Address] where !address.isEmpty {
                text += "\(address)\t\(names)\n"
            }
        }
        return text
    }

    /// - Parameters:
    ///   - host: the host's own file.
    ///   - server: of the container's network; `nil` uses the host's servers.
    static func resolver(host: String, server: String?, networking: ContainerNetworking) -> String {
        var servers: [String] = []
        var search: [String] = []
        var options: [String] = []
        for line in host.split(separator: "\n") {
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            switch words.first {
            case "nameserver": servers += words.dropFirst().prefix(1)
            case "search", "domain": search = Array(words.dropFirst())
            case "options": options = Array(words.dropFirst())
            default: break
            }
        }
        if let server { servers = [server] }
        if !networking.nameServers.isEmpty { servers = networking.nameServers }
        if !networking.searchDomains.isEmpty { search = networking.searchDomains.filter { $0 != "." } }
        if !networking.resolverOptions.isEmpty { options = networking.resolverOptions }
        var text = servers.map { "nameserver \($0)\n" }.joined()
        if !search.isEmpty { text += "search \(search.joined(separator: " "))\n" }
        if !options.isEmpty { text += "options \(options.joined(separator: " "))\n" }
        return text
    }
}
