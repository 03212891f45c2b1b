/// A port of the host that leads to a port of the guest.
package struct PortForward: Hashable, Sendable, CustomStringConvertible {
    package enum Transport: String, Sendable {
        case tcp
        case udp
    }

    package let transport: Transport
    /// Where the host listens; 127.0.0.1 unless said otherwise.
    package let host: Endpoint
    /// Where it leads to. Nil address in the text means the guest's first lease.
    package let guest: Endpoint

    package init(transport: Transport, host: Endpoint, guest: Endpoint) {
        self.transport = transport
        self.host = host
        self.guest = guest
    }

    /// Parses `tcp|udp:[HOSTADDR]:PORT-[GUESTADDR]:PORT`, such as `tcp:127.0.0.1:2222-:22`. IPv6 addresses stand in
    /// brackets. Port 0 on the host's side means one that the host chooses.
    package init(parsing text: String) throws(NetworkError) {
        guard let colon = text.firstIndex(of: ":") else {
            throw .badForward(text: text, reason: "no protocol before the first colon")
        }
        guard let transport = Transport(rawValue: String(text[..<colon])) else {
            throw .badForward(text: text, reason: "unknown protocol \"\(text[..<colon])\"")
        }
        let sides = text[text.index(after: colon)...].split(separator: "-", omittingEmptySubsequences: false)
        guard sides.count == 2 else {
            throw .badForward(text: text, reason: "host and guest are not joined by one \"-\"")
        }
        let host = try Self.endpoint(sides[0], of: text, side: "host", default: .v4(.loopback))
        let guest = try Self.endpoint(sides[1], of: text, side: "guest", default: nil)
        guard guest.port != 0 else { throw .badForward(text: text, reason: "the guest's port is 0") }
        guard AddressPlan.standard.isGuest(guest.address) else {
            throw .badForward(text: text, reason: "\(guest.address) is not an address of a guest")
        }
        self.init(transport: transport, host: host, guest: guest)
    }

    private static func endpoint(
        _ text: Substring, of whole: String, side: String, default address: IPAddress?
    ) throws(NetworkError) -> Endpoint {
        guard let colon = text.lastIndex(of: ":") else {
            throw .badForward(text: whole, reason: "no port on the \(side)'s side")
        }
        let portText = text[text.index(after: colon)...]
        guard !portText.isEmpty, portText.allSatisfy(\.isNumber), let port = UInt16(portText) else {
            throw .badForward(text: whole, reason: "\"\(portText)\" is no port on the \(side)'s side")
        }
        var host = text[..<colon]
        if host.isEmpty { return Endpoint(address ?? .v4(AddressPlan.standard.firstLease), port) }
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        if isBracketed { host = host.dropFirst().dropLast() }
        guard let parsed = IPAddress(host), parsed.isV4 != isBracketed else {
            throw .badForward(
                text: whole, reason: "\"\(text[..<colon])\" is no address on the \(side)'s side")
        }
        return Endpoint(parsed, port)
    }

    package var description: String { "\(transport.rawValue):\(host)-\(guest)" }
}
