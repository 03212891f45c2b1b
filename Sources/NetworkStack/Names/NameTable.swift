/// The names that a network's name server answers itself. Names are compared without regard to case.
package struct NameTable: Codable, Equatable, Sendable {
    /// What everybody in the network may ask for: container names, aliases, short ids, `name.network`.
    package var shared: [String: [IPAddress]]
    /// What only the asker with that address is told, before `shared`: links, and names of the asker's other networks.
    package var byAsker: [String: [String: [IPAddress]]]

    package init(
        shared: [String: [IPAddress]] = [:], byAsker: [String: [String: [IPAddress]]] = [:]
    ) {
        self.shared = shared
        self.byAsker = byAsker
    }
}
