import Model

// Links of the default network, from the days before name servers: names in /etc/hosts and variables.
extension Engine {
    /// The variables that tell a container where those it is linked to are.
    ///
    /// - Throws: `conflict` when one of them does not run.
    func linkVariables(_ entry: Entry, _ spec: ContainerSpec) throws(EngineError) -> [String] {
        guard Self.canonical(spec.network.mode) == "bridge" else { return [] }
        var variables: [String] = []
        for (other, alias) in links(endpointSpecOfMode(spec.network)) {
            guard other.isRunning, let address = other.attached.first?.ipv4Address else {
                throw EngineError(
                    .conflict,
                    "Cannot link to a non running container: /\(other.instance.name) AS /\(entry.instance.name)/\(alias)"
                )
            }
            variables += Self.variables(
                alias: alias, path: "/\(entry.instance.name)/\(alias)", address: address,
                ports: other.container?.network.exposedPorts ?? [],
                environment: other.instance.process.environment)
        }
        return variables
    }

    private func endpointSpecOfMode(_ networking: ContainerNetworking) -> EndpointSpec {
        var spec = EndpointSpec()
        spec.links = networking.links
        return spec
    }

    /// `DB_NAME`, `DB_PORT`, `DB_PORT_5432_TCP…`, `DB_ENV_…` for the alias `db`.
    static func variables(
        alias: String, path: String, address: String, ports: [String], environment: [String]
    ) -> [String] {
        let prefix = alias.uppercased().replacing("-", with: "_")
        var result = ["\(prefix)_NAME=\(path)"]
        for (index, port) in ports.sorted().enumerated() {
            let parts = port.split(separator: "/").map(String.init)
            guard parts.count == 2 else { continue }
            let url = "\(parts[1])://\(address):\(parts[0])"
            let name = "\(prefix)_PORT_\(parts[0])_\(parts[1].uppercased())"
            if index == 0 { result.append("\(prefix)_PORT=\(url)") }
            result += [
                "\(name)=\(url)", "\(name)_ADDR=\(address)", "\(name)_PORT=\(parts[0])",
                "\(name)_PROTO=\(parts[1])",
            ]
        }
        let own = environment.filter { !$0.hasPrefix("PATH=") && !$0.hasPrefix("HOME=") && $0.contains("=") }
        return result + own.map { "\(prefix)_ENV_\($0)" }
    }

    /// Takes a link back; both containers stay.
    package func removeLink(_ name: String, alias: String) async throws(EngineError) {
        let entry = try entry(name)
        try await exclusively(entry.key) { () async throws(EngineError) in
            guard var spec = entry.container,
                let index = spec.network.links.firstIndex(where: { Self.alias(ofLink: $0) == alias })
            else { throw EngineError(.notFound, "No such link: /\(entry.instance.name)/\(alias)") }
            spec.network.links.remove(at: index)
            entry.container = spec
            try await commit([.put(entry.instance)])
            for endpoint in entry.attached { try? await updateNames(endpoint.networkID) }
        }
    }

    private static func alias(ofLink link: String) -> String {
        PathText.lastName(link.split(separator: ":").last.map(String.init) ?? link)
    }
}
