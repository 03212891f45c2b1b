import Glibc
import Host
import NetworkStack

extension IPAddress {
    fileprivate var family: UInt8 { UInt8(isV4 ? AF_INET : AF_INET6) }
}

// Addresses and routes of the socket's net namespace; numbers of `linux/if_addr.h` and `linux/rtnetlink.h`.
extension NetlinkSocket {
    /// Gives an interface an address. One that it has already stays. IPv6 addresses are usable at once: they are ours
    /// to give, so nobody needs to be asked whether they are free.
    mutating func addAddress(_ address: IPAddress, prefixLength: Int, to index: Int32) throws(SystemError) {
        let (whole, local, broadcast): (UInt16, UInt16, UInt16) = (1, 2, 4)
        let withoutDetection: UInt8 = 2
        var message = NetlinkMessage(.newAddress, [.create, .replace])
        message.put(address.family)
        message.put(UInt8(truncatingIfNeeded: prefixLength))
        message.put(address.isV4 ? UInt8(0) : withoutDetection)
        message.put(UInt8(0))
        message.put(index)
        message.attribute(whole, address.octets)
        message.attribute(local, address.octets)
        if address.isV4, let prefix = Prefix(address, length: prefixLength), prefixLength < 31 {
            message.attribute(broadcast, IPAddress(number: prefix.last, isV4: true).octets)
        }
        try perform(message, "give an interface the address \(address)")
    }

    /// Sends what has no route of its own through a gateway of an interface; replaces an earlier default route.
    mutating func setDefaultRoute(_ gateway: IPAddress, through index: Int32) throws(SystemError) {
        let (outgoing, via): (UInt16, UInt16) = (4, 5)
        let (mainTable, byAdministrator, unicast): (UInt8, UInt8, UInt8) = (254, 4, 1)
        var message = NetlinkMessage(.newRoute, [.create, .replace])
        message.put(gateway.family)
        message.put(UInt8(0))
        message.put(UInt16(0))
        message.put(mainTable)
        message.put(byAdministrator)
        message.put(UInt8(0))
        message.put(unicast)
        message.put(UInt32(0))
        message.attribute(via, gateway.octets)
        message.attribute(outgoing, index)
        try perform(message, "route through \(gateway)")
    }

    /// Where the namespace's unicast routes of its main table lead, the default route (length 0) among them.
    mutating func routes() throws(SystemError) -> [Prefix] {
        let destination: UInt16 = 1
        var prefixes: [Prefix] = []
        for isV4 in [true, false] {
            var message = NetlinkMessage(.getRoute, .dump)
            message.put(UInt8(isV4 ? AF_INET : AF_INET6))
            message.put(UInt8(0))
            message.put(UInt16(0))
            message.put(UInt64(0))
            for reply in try ask(message, "list routes") where reply.body.count >= 12 {
                let header = Array(reply.body.prefix(8))
                guard header[4] == 254, header[7] == 1, (header[0] == UInt8(AF_INET)) == isV4 else {
                    continue
                }
                let octets = reply.attributes(from: 12)[destination]
                let any = IPAddress(number: 0, isV4: isV4)
                guard let address = octets.map({ IPAddress(octets: $0) }) ?? any,
                    let prefix = Prefix(address, length: Int(header[1]))
                else { continue }
                prefixes.append(prefix)
            }
        }
        return prefixes
    }
}
