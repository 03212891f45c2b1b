import Model
import NetworkStack

/// A port of the host that leads to an endpoint, with nothing left open.
struct PublishedPort: Hashable, Codable, Sendable {
    let transport: PortMapping.Transport
    let hostAddress: IPAddress
    let hostPort: UInt16
    let address: IPAddress
    let port: UInt16
    /// Whose it is.
    let endpointID: String
    /// Of what is wanted: the end of a range whose first free port is taken.
    var lastHostPort: UInt16?

    /// Whether any address of the host leads there.
    var isEverywhere: Bool { hostAddress.number == 0 }
}

/// The rules of one network in nft's language (nft(8)), a table of its own.
///
/// Nothing here accepts over anybody's head: `accept` ends this table's chain only, and the host's own chains at the
/// same hook are asked as well. What is dropped here is dropped.
struct Ruleset {
    let plan: BridgePlan
    /// Ports of gateways' name servers that are not 53.
    var namePorts: [String: UInt16] = [:]

    var table: String { "inet vivarium-\(plan.id.prefix(12))" }

    /// Replaces the table as a whole, in one transaction: with what is published already.
    func creation(publishing ports: [PublishedPort]) -> String {
        """
        table \(table)
        delete table \(table)
        table \(table) {
        \(maps)
        \(guardChain)
        \(translationChains)
        \(forwardChain)
        }
        \(elements(of: ports, "add"))
        """
    }

    /// Removes the table, also when there is none.
    var removal: String { "table \(table)\ndelete table \(table)\n" }

    func publication(of ports: [PublishedPort]) -> String { elements(of: ports, "add") }

    func withdrawal(of ports: [PublishedPort]) -> String { elements(of: ports, "delete") }

    /// Published ports of one address of the host, and of all of them; by family, as an element has one type.
    private var maps: String {
        ["4", "6"].map { family in
            """
            map at\(family) { type ipv\(family)_addr . inet_proto . inet_service : ipv\(family)_addr . inet_service; }
            map any\(family) { type inet_proto . inet_service : ipv\(family)_addr . inet_service; }
            """
        }.joined(separator: "\n")
    }

    /// Loopback addresses may be routed to the bridge (`route_localnet`), so that published ports work on 127.0.0.1:
    /// therefore none may ever come from it, or a container would reach services that trust the loopback.
    private var guardChain: String {
        """
        chain guard {
        type filter hook prerouting priority raw; policy accept;
        iifname "\(plan.bridge)" ip daddr 127.0.0.0/8 drop
        iifname "\(plan.bridge)" ip saddr 127.0.0.0/8 drop
        }
        """
    }

    /// A container that calls itself through the host cannot be translated to itself: a host that shows bridged packets
    /// to these chains (`bridge-nf-call-iptables`) would send them back out of the port that they came in by. What comes
    /// from this network goes to the port's holder, which relays it.
    ///
    /// IPv6 has no `route_localnet`: what goes to `::1` stays on the host, where the port's holder relays it.
    private var translationChains: String {
        """
        chain ports {
        meta l4proto != { tcp, udp } return
        dnat ip to ip daddr . meta l4proto . th dport map @at4
        dnat ip6 to ip6 daddr . meta l4proto . th dport map @at6
        fib daddr type != local return
        dnat ip to meta l4proto . th dport map @any4
        dnat ip6 to meta l4proto . th dport map @any6
        }
        chain prerouting {
        type nat hook prerouting priority dstnat; policy accept;
        \(nameRules)
        iifname "\(plan.bridge)" return
        jump ports
        }
        chain output {
        type nat hook output priority -100; policy accept;
        ip6 daddr ::1 return
        jump ports
        }
        chain postrouting {
        type nat hook postrouting priority srcnat; policy accept;
        \(masquerades.joined(separator: "\n"))
        }
        """
    }

    private var nameRules: String {
        plan.subnets.compactMap { subnet in
            guard let port = namePorts[subnet.gateway.description] else { return nil }
            let family = subnet.gateway.isV4 ? "ip" : "ip6"
            let asked = "\(family) daddr \(subnet.gateway) meta l4proto { tcp, udp } th dport 53"
            return "iifname \"\(plan.bridge)\" \(asked) redirect to :\(port)"
        }.joined(separator: "\n")
    }

    /// A client keeps its address, but where the answer would take another way than the question: on the loopback.
    private var masquerades: [String] {
        let bridge = plan.bridge
        var rules = ["oifname \"\(bridge)\" ip saddr 127.0.0.0/8 masquerade"]
        guard plan.masquerades, !plan.isInternal else { return rules }
        for subnet in plan.subnets {
            let family = subnet.block.isV4 ? "ip" : "ip6"
            rules.append("oifname != \"\(bridge)\" \(family) saddr \(subnet.block) masquerade")
        }
        return rules
    }

    /// From outside and from other networks only answers and published ports come in; an internal network lets nothing
    /// in or out.
    private var forwardChain: String {
        let bridge = plan.bridge
        let passing =
            plan.isInternal
            ? ["iifname \"\(bridge)\" oifname != \"\(bridge)\" drop"]
            : [
                "oifname \"\(bridge)\" iifname != \"\(bridge)\" ct state established,related accept",
                "oifname \"\(bridge)\" iifname != \"\(bridge)\" ct status dnat accept",
            ]
        return """
            chain forward {
            type filter hook forward priority filter; policy accept;
            \(passing.joined(separator: "\n"))
            oifname "\(bridge)" iifname != "\(bridge)" drop
            }
            """
    }

    private func elements(of ports: [PublishedPort], _ verb: String) -> String {
        // A port of the host that leads to the other family is served by the process that holds it.
        ports.filter { $0.hostAddress.isV4 == $0.address.isV4 }.map { port in
            let family = port.address.isV4 ? "4" : "6"
            let key = "\(port.transport.rawValue) . \(port.hostPort)"
            let target = "\(port.address) . \(port.port)"
            return port.isEverywhere
                ? "\(verb) element \(table) any\(family) { \(key) : \(target) }"
                : "\(verb) element \(table) at\(family) { \(port.hostAddress) . \(key) : \(target) }"
        }.map { $0 + "\n" }.joined()
    }
}
