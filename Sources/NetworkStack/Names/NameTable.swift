/// The names that a network's name server answers itself. Names are compared without regard to case and end without
/// a dot.
package struct NameTable: Codable, Equatable, Sendable {
    /// What everybody in the network may ask for: container names, aliases, short ids, `name.network`.
    package var shared: [String: [IPAddress]]
    /// What only the asker with that address is told, before `shared`: links, names of the asker's other networks.
    package var byAsker: [String: [String: [IPAddress]]]
    /// The name servers that are asked for the asker with that address, in place of the host's.
    package var resolversByAsker: [String: [IPAddress]]

    package init(
        shared: [String: [IPAddress]] = [:], byAsker: [String: [String: [IPAddress]]] = [:],
        resolversByAsker: [String: [IPAddress]] = [:]
    ) {
        self.shared = shared
        self.byAsker = byAsker
        self.resolversByAsker = resolversByAsker
    }
}

/// A table as it is searched.
struct NameIndex {
    private let shared: [String: [IPAddress]]
    private let byAsker: [String: [String: [IPAddress]]]
    /// By address; the first name in order of the alphabet stands for all.
    private let reverse: [IPAddress: String]

    init(_ table: NameTable) {
        shared = Self.folded(table.shared)
        byAsker = table.byAsker.mapValues { Self.folded($0) }
        var reverse: [IPAddress: String] = [:]
        for (name, addresses) in shared.sorted(by: {
            ($0.key.utf8.count, $0.key) > ($1.key.utf8.count, $1.key)
        }) {
            for address in addresses { reverse[address] = name }
        }
        self.reverse = reverse
    }

    private static func folded(_ names: [String: [IPAddress]]) -> [String: [IPAddress]] {
        names.reduce(into: [:]) { $0[$1.key.lowercased(), default: []] += $1.value }
    }

    /// Nil for a name that is not in the table.
    func addresses(of name: String, asker: IPAddress) -> [IPAddress]? {
        byAsker[asker.description]?[name] ?? shared[name]
    }

    func name(of address: IPAddress) -> String? { reverse[address] }
}
