import Model
import NetworkStack

/// The name of a bridge interface: `viv-` and the start of the network's id, or what the user chose.
package struct BridgeName: Hashable, Sendable, CustomStringConvertible {
    /// IFNAMSIZ - 1.
    static let maximumLength = 15
    package let description: String

    package init(networkID: String) {
        description = "viv-" + networkID.utf8.prefix(11).map { String(Unicode.Scalar($0)) }.joined()
    }

    /// Nil unless it is a name that an interface can have and nft's language needs no quotes for.
    package init?(_ text: String) {
        let isPlain = text.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                || $0 == 0x2D || $0 == 0x5F
        }
        guard isPlain, (1...Self.maximumLength).contains(text.utf8.count) else { return nil }
        description = text
    }
}

/// A network as it is to be made: what a record says, parsed.
struct BridgePlan: Sendable {
    struct Subnet: Sendable, Equatable, Codable {
        let block: Prefix
        let gateway: IPAddress
    }

    /// Docker's names of the options, so that its clients' files work.
    enum Option {
        static let name = "com.docker.network.bridge.name"
        static let mtu = "com.docker.network.driver.mtu"
        static let connects = "com.docker.network.bridge.enable_icc"
        static let masquerades = "com.docker.network.bridge.enable_ip_masquerade"
        /// Whether the gateway's address means the host's loopback; rootless only.
        static let hostLoopback = "vivarium.host-loopback"
    }

    static let usualMTU = 1500
    let id: String
    let name: String
    let bridge: BridgeName
    let subnets: [Subnet]
    let isInternal: Bool
    let mtu: Int
    /// Whether endpoints may speak to each other.
    let connectsEndpoints: Bool
    let masquerades: Bool
    let mapsHostLoopback: Bool

    init(_ record: NetworkRecord) throws(KernelNetworkError) {
        let options = record.spec.options
        guard Self.isIdentifier(record.id) else {
            throw KernelNetworkError(
                .invalid, "\"\(record.id)\" is no network id: it must be hexadecimal digits")
        }
        (id, name, isInternal) = (record.id, record.spec.name, record.spec.isInternal)
        if let text = options[Option.name], !text.isEmpty {
            guard let chosen = BridgeName(text) else {
                throw KernelNetworkError(
                    .invalid, "\"\(text)\" is no name for a bridge: up to 15 letters, digits, \"-\" and \"_\""
                )
            }
            bridge = chosen
        } else {
            bridge = BridgeName(networkID: record.id)
        }
        mtu = try Self.mtu(options[Option.mtu])
        connectsEndpoints = try Self.flag(options, Option.connects, usually: true)
        masquerades = try Self.flag(options, Option.masquerades, usually: true)
        mapsHostLoopback = try Self.flag(options, Option.hostLoopback, usually: false)
        subnets = try record.spec.pools.map { pool throws(KernelNetworkError) in
            guard let block = Prefix(pool.subnet), let gateway = pool.gateway.flatMap({ IPAddress($0) }),
                block.contains(gateway)
            else {
                throw KernelNetworkError(
                    .invalid,
                    "network \(record.spec.name) has no complete subnet: \(pool.subnet) lacks a gateway")
            }
            return Subnet(block: block, gateway: gateway)
        }
    }

    private static func isIdentifier(_ text: String) -> Bool {
        (8...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    private static func mtu(_ text: String?) throws(KernelNetworkError) -> Int {
        guard let text, !text.isEmpty else { return usualMTU }
        guard let value = Int(text), (1280...65_535).contains(value) else {
            throw KernelNetworkError(.invalid, "\"\(text)\" is no MTU: a number from 1280 to 65535")
        }
        return value
    }

    private static func flag(
        _ options: [String: String], _ name: String, usually value: Bool
    ) throws(KernelNetworkError) -> Bool {
        switch options[name]?.lowercased() {
        case nil, "": return value
        case "true", "1": return true
        case "false", "0": return false
        case let text?: throw KernelNetworkError(.invalid, "option \(name) is true or false, not \"\(text)\"")
        }
    }

    /// Derived from the id, so that it is the same after a restart; locally administered.
    var mac: MACAddress {
        let digits = UInt64(id.prefix(8), radix: 16) ?? 0
        return MACAddress(bits: 0x0242 << 32 | digits)
    }

    /// The address at which names are asked for.
    var nameServer: IPAddress? { subnets.first { $0.block.isV4 }?.gateway ?? subnets.first?.gateway }

    /// The name of an endpoint's interface on the bridge's side.
    static func port(_ endpointID: String) -> String {
        "vv" + endpointID.utf8.prefix(12).map { String(Unicode.Scalar($0)) }.joined()
    }
}
