import Model

/// `-p` and `--expose`.
package enum PortOption {
    private typealias Ports = ClosedRange<UInt16>

    /// Parses `[[ADDRESS:][HOSTPORT]:]PORT[/tcp|udp]`. Ranges of equal length map one to one; IPv6 addresses stand
    /// in brackets.
    package static func parse(_ text: String) throws(Failure) -> [PortMapping] {
        let (ports, transport) = try transport(of: text)
        var address = ""
        var rest = ports
        if rest.hasPrefix("[") {
            guard let end = rest.firstRange(of: "]:") else { throw objection(text) }
            address = String(rest[rest.index(after: rest.startIndex)..<end.lowerBound])
            guard address.contains(":") else { throw objection(text) }
            rest = rest[end.upperBound...]
        }
        var parts = rest.split(separator: ":", omittingEmptySubsequences: false)
        if parts.count == 3, address.isEmpty {
            address = String(parts.removeFirst())
            guard isIPv4(address) || address.isEmpty else { throw objection(text) }
        }
        guard (1...2).contains(parts.count), let inside = range(parts[parts.count - 1]) else {
            throw objection(text)
        }
        // No port of the host, and port 0, leave the choice to the daemon.
        let isChosen = parts.count == 2 && !parts[0].isEmpty && parts[0] != "0"
        let outside: Ports? = isChosen ? range(parts[0]) : nil
        if isChosen, outside == nil { throw objection(text) }
        return try mappings(inside, outside, address, transport, text)
    }

    private static func mappings(
        _ inside: Ports, _ outside: Ports?, _ address: String, _ transport: PortMapping.Transport,
        _ text: String
    ) throws(Failure) -> [PortMapping] {
        guard let outside else {
            return inside.map {
                PortMapping(hostAddress: address, containerPort: $0, transport: transport)
            }
        }
        if inside.count == 1, outside.count > 1, let first = outside.first, let last = outside.last {
            return inside.map {
                PortMapping(
                    hostAddress: address, hostPort: first, lastHostPort: last, containerPort: $0,
                    transport: transport)
            }
        }
        guard outside.count == inside.count else {
            throw .badCommandLine(
                "the ranges of '\(text)' differ in length: give as many ports on both sides")
        }
        return zip(outside, inside).map {
            PortMapping(hostAddress: address, hostPort: $0, containerPort: $1, transport: transport)
        }
    }

    /// Parses `PORT[-PORT][/tcp|udp]` into `80/tcp`, one for each port.
    package static func exposed(_ text: String) throws(Failure) -> [String] {
        let (ports, transport) = try transport(of: text)
        guard let ports = range(ports) else { throw objection(text) }
        return ports.map { "\($0)/\(transport.rawValue)" }
    }

    private static func transport(of text: String) throws(Failure) -> (Substring, PortMapping.Transport) {
        guard let slash = text.lastIndex(of: "/") else { return (text[...], .tcp) }
        let word = text[text.index(after: slash)...].lowercased()
        guard let transport = PortMapping.Transport(rawValue: word) else {
            throw .badCommandLine("'\(word)' in '\(text)' is no transport: use tcp or udp")
        }
        return (text[..<slash], transport)
    }

    private static func range(_ text: Substring) -> Ports? {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
        guard (1...2).contains(ends.count), let low = ends[0], let high = ends[ends.count - 1], low > 0,
            low <= high, !text.hasPrefix("+")
        else { return nil }
        return low...high
    }

    private static func isIPv4(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }

    private static func objection(_ text: String) -> Failure {
        .badCommandLine("'\(text)' is no port: use [[ADDRESS:]HOSTPORT:]PORT[/tcp|udp], such as 8080:80")
    }
}
