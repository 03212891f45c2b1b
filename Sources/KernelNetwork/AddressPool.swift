import Model
import NetworkStack

/// Which addresses networks and their endpoints have: plain values, so that it can be tried, stored and rebuilt.
///
/// Choices are deterministic: always the lowest block or address that is free.
package struct AddressPool: Codable, Equatable, Sendable {
    /// One block of addresses of a network.
    struct Subnet: Codable, Equatable, Sendable {
        let prefix: Prefix
        let gateway: IPAddress
        /// What addresses are chosen from when none is asked for.
        let range: Prefix
        /// Auxiliary addresses, which are never given out.
        var reserved: [IPAddress]
        /// By endpoint id.
        var taken: [String: IPAddress] = [:]
    }

    struct Network: Codable, Equatable, Sendable {
        var subnets: [Subnet]
        let isInternal: Bool
    }

    /// What new networks are given when the user does not choose: a block, and the length of the parts it is cut into.
    package struct Source: Codable, Equatable, Sendable {
        package let block: Prefix
        package let length: Int

        package init(block: Prefix, length: Int) {
            self.block = block
            self.length = length
        }
    }

    var networks: [String: Network] = [:]
    let sources: [Source]

    /// - Parameter sources: in order of preference; empty means Docker's habit, 172.17.0.0/16 to 172.31.0.0/16, then
    ///   192.168.0.0/16 in parts of 4096 addresses.
    package init(sources: [Source] = []) {
        self.sources = sources.isEmpty ? Self.usual : sources
    }

    private static let usual: [Source] =
        (17...31).compactMap { Prefix("172.\($0).0.0/16").map { Source(block: $0, length: 16) } }
        + [Prefix("192.168.0.0/16").map { Source(block: $0, length: 20) }].compactMap { $0 }
}

// MARK: - Networks

extension AddressPool {
    /// Enters a network; what it did not ask for is chosen.
    ///
    /// - Parameter hostPrefixes: what the host can reach by routes of its own (`NetworkBackend.hostPrefixes`); blocks
    ///   that overlap them are not chosen, but granted to who asks for them.
    /// - Returns: the pools, complete with subnet, gateway and range, to be kept in the network's record.
    package mutating func addNetwork(
        _ id: String, _ spec: NetworkSpec, hostPrefixes: [Prefix] = []
    ) throws(KernelNetworkError) -> [AddressPoolSpec] {
        guard networks[id] == nil else {
            throw KernelNetworkError(.conflict, "network \(spec.name) has addresses already")
        }
        var subnets: [Subnet] = []
        for pool in spec.pools {
            let subnet = try Self.subnet(pool)
            try refuseOverlap(subnet.prefix, with: subnets, of: spec.name)
            subnets.append(subnet)
        }
        if !subnets.contains(where: \.prefix.isV4) {
            subnets.append(try Self.subnet(AddressPoolSpec(subnet: try freeBlock(hostPrefixes).description)))
        }
        if spec.usesIPv6, !subnets.contains(where: { !$0.prefix.isV4 }) {
            subnets.append(try Self.subnet(AddressPoolSpec(subnet: Self.localPrefix(of: id))))
        }
        networks[id] = Network(subnets: subnets, isInternal: spec.isInternal)
        return subnets.map { subnet in
            var pool = AddressPoolSpec(
                subnet: subnet.prefix.description, gateway: subnet.gateway.description)
            if subnet.range != subnet.prefix { pool.range = subnet.range.description }
            pool.auxiliaryAddresses =
                spec.pools.first { Prefix($0.subnet) == subnet.prefix }?.auxiliaryAddresses ?? [:]
            return pool
        }
    }

    /// Forgets a network and all addresses in it; harmless when it is unknown.
    package mutating func removeNetwork(_ id: String) { networks[id] = nil }

    private func refuseOverlap(
        _ prefix: Prefix, with others: [Subnet], of name: String
    ) throws(KernelNetworkError) {
        let all = networks.values.flatMap(\.subnets) + others
        guard let other = all.first(where: { $0.prefix.overlaps(prefix) }) else { return }
        throw KernelNetworkError(
            .conflict,
            "subnet \(prefix) of network \(name) overlaps \(other.prefix), which another network uses; choose another"
        )
    }

    private func freeBlock(_ hostPrefixes: [Prefix]) throws(KernelNetworkError) -> Prefix {
        // The default route overlaps everything and says nothing about who is behind it.
        let used = networks.values.flatMap(\.subnets).map(\.prefix) + hostPrefixes.filter { $0.length > 0 }
        for source in sources {
            var next: UInt128? = source.block.first
            while let first = next, first <= source.block.last {
                let address = IPAddress(number: first, isV4: source.block.isV4)
                guard let prefix = Prefix(address, length: source.length) else { break }
                guard let other = used.first(where: { $0.overlaps(prefix) }) else { return prefix }
                // On behind whatever is in the way, be it larger or smaller.
                let end = max(prefix.last, other.last)
                next = end == .max ? nil : end + 1
            }
        }
        throw KernelNetworkError(
            .conflict,
            "all default blocks of addresses are in use; remove networks that are not needed or choose a --subnet"
        )
    }

    /// A unique local /64 (RFC 4193 §3.2), its 40 bits of global id taken from the network's id.
    private static func localPrefix(of id: String) -> String {
        let digits = id.utf8.prefix(10).map { Character(Unicode.Scalar($0)) }
        let text = String(digits) + String(repeating: "0", count: 10 - digits.count)
        let globalID = UInt64(text, radix: 16) ?? 0
        return Prefix(.v6(IPv6Address(high: 0xFD << 56 | globalID << 16, low: 0)), length: 64)?.description
            ?? ""
    }
}

// MARK: - What the user wrote

extension AddressPool {
    /// The longest prefix that leaves room for a gateway and a container.
    private static let longestV4 = 30
    private static let longestV6 = 126

    private static func subnet(_ pool: AddressPoolSpec) throws(KernelNetworkError) -> Subnet {
        let prefix = try parse(pool.subnet, "subnet", example: "172.28.0.0/16")
        guard (1...(prefix.isV4 ? longestV4 : longestV6)).contains(prefix.length) else {
            throw KernelNetworkError(
                .invalid,
                "subnet \(prefix) has no room for a gateway and a container; use /\(longestV4) or larger")
        }
        var range = prefix
        if let text = pool.range, !text.isEmpty {
            range = try parse(text, "range", example: "172.28.5.0/24")
            guard prefix.contains(range.address), range.length >= prefix.length else {
                throw KernelNetworkError(.invalid, "range \(range) is not part of subnet \(prefix)")
            }
        }
        var reserved: [IPAddress] = []
        for (name, text) in pool.auxiliaryAddresses.sorted(by: { $0.key < $1.key }) {
            reserved.append(try address(text, of: "auxiliary address \(name)", in: prefix))
        }
        let gateway: IPAddress
        if let text = pool.gateway, !text.isEmpty {
            gateway = try address(text, of: "gateway", in: prefix)
        } else {
            let first = lowest(in: prefix, of: prefix) { reserved.contains($0) }
            guard let first else {
                throw KernelNetworkError(.invalid, "subnet \(prefix) has no address left for its gateway")
            }
            gateway = first
        }
        return Subnet(prefix: prefix, gateway: gateway, range: range, reserved: reserved)
    }

    private static func parse(
        _ text: String, _ what: String, example: String
    ) throws(KernelNetworkError) -> Prefix {
        guard text.contains("/"), let prefix = Prefix(text) else {
            throw KernelNetworkError(.invalid, "\"\(text)\" is no \(what); write it like \(example)")
        }
        return prefix
    }

    static func address(
        _ text: String, of what: String, in prefix: Prefix
    ) throws(KernelNetworkError) -> IPAddress {
        // Docker's clients also write a gateway with its prefix length.
        let plain = text.split(separator: "/").first.map(String.init) ?? text
        guard let address = IPAddress(plain) else {
            throw KernelNetworkError(.invalid, "\(what) \"\(text)\" is no IP address")
        }
        guard prefix.contains(address), isUsable(address.number, in: prefix) else {
            throw KernelNetworkError(
                .invalid, "\(what) \(address) cannot be used in subnet \(prefix); choose an address inside it"
            )
        }
        return address
    }

    /// Whether a host may have it: neither the network's own address nor IPv4's broadcast.
    static func isUsable(_ number: UInt128, in prefix: Prefix) -> Bool {
        number != prefix.first && !(prefix.isV4 && number == prefix.last)
    }

    /// The lowest usable address of `range`, a part of `prefix`, that is not `excluded`.
    static func lowest(
        in range: Prefix, of prefix: Prefix, except excluded: (IPAddress) -> Bool
    ) -> IPAddress? {
        var number = range.first
        while true {
            let address = IPAddress(number: number, isV4: range.isV4)
            if isUsable(number, in: prefix), !excluded(address) { return address }
            guard number < range.last else { return nil }
            number += 1
        }
    }
}
