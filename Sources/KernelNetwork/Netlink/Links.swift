import Glibc
import Host
import NetworkStack

/// Numbers of `linux/if_link.h` and `linux/if.h`, as far as they are used here.
private enum Link {
    static let hardwareAddress: UInt16 = 1
    static let name: UInt16 = 3
    static let maximumTransmissionUnit: UInt16 = 4
    static let master: UInt16 = 10
    static let information: UInt16 = 18
    static let familySettings: UInt16 = 26
    static let namespaceDescriptor: UInt16 = 28
    /// Inside `information`.
    static let kind: UInt16 = 1, data: UInt16 = 2, portKind: UInt16 = 4, portData: UInt16 = 5
    static let vethPeer: UInt16 = 1
    static let portIsIsolated: UInt16 = 33
    static let addressGeneration: UInt16 = 8
    static let up: UInt32 = 1
}

/// An interface as the kernel describes it.
struct LinkDescription: Equatable {
    let index: Int32
    let name: String
    /// `bridge`, `veth`…; empty for hardware.
    let kind: String
    /// The bridge that it is a port of, or 0.
    let master: Int32
}

extension NetlinkMessage {
    /// `struct ifinfomsg`.
    fileprivate mutating func putLinkHeader(index: Int32 = 0, flags: UInt32 = 0, change: UInt32 = 0) {
        put(UInt32(0))
        put(index)
        put(flags)
        put(change)
    }
}

extension MACAddress {
    fileprivate var octets: [UInt8] {
        stride(from: 40, through: 0, by: -8).map { UInt8(truncatingIfNeeded: bits >> UInt64($0)) }
    }
}

// Interfaces of the socket's net namespace. An unknown name is ENODEV.
extension NetlinkSocket {
    mutating func createBridge(_ name: String, _ mac: MACAddress, mtu: Int) throws(SystemError) {
        var message = NetlinkMessage(.newLink, [.create, .exclusive])
        message.putLinkHeader()
        message.attribute(Link.name, name)
        message.attribute(Link.hardwareAddress, mac.octets)
        message.attribute(Link.maximumTransmissionUnit, UInt32(mtu))
        message.nested(Link.information) { $0.attribute(Link.kind, "bridge") }
        try perform(message, "make bridge \(name)")
    }

    /// Makes a pair: `near` here, the other end as `far` in the net namespace of a descriptor.
    mutating func createPair(
        near: String, far: String, inside namespace: Int32, _ mac: MACAddress, mtu: Int
    ) throws(SystemError) {
        var message = NetlinkMessage(.newLink, [.create, .exclusive])
        message.putLinkHeader()
        message.attribute(Link.name, near)
        message.attribute(Link.maximumTransmissionUnit, UInt32(mtu))
        message.nested(Link.information) { information in
            information.attribute(Link.kind, "veth")
            information.nested(Link.data) { data in
                data.nested(Link.vethPeer) { peer in
                    peer.putLinkHeader()
                    peer.attribute(Link.name, far)
                    peer.attribute(Link.hardwareAddress, mac.octets)
                    peer.attribute(Link.maximumTransmissionUnit, UInt32(mtu))
                    peer.attribute(Link.namespaceDescriptor, namespace)
                }
            }
        }
        try perform(message, "make interface \(far)")
    }

    mutating func setUp(_ index: Int32) throws(SystemError) {
        var message = NetlinkMessage(.newLink)
        message.putLinkHeader(index: index, flags: Link.up, change: Link.up)
        try perform(message, "bring an interface up")
    }

    /// Makes an interface a port of a bridge; isolated ports reach the bridge itself and nobody else.
    mutating func setMaster(_ index: Int32, _ bridge: Int32, isIsolated: Bool = false) throws(SystemError) {
        var message = NetlinkMessage(.newLink)
        message.putLinkHeader(index: index)
        message.attribute(Link.master, bridge)
        try perform(message, "connect an interface to its bridge")
        guard isIsolated else { return }
        message = NetlinkMessage(.newLink)
        message.putLinkHeader(index: index)
        message.nested(Link.information) { information in
            information.attribute(Link.portKind, "bridge")
            information.nested(Link.portData) { $0.attribute(Link.portIsIsolated, UInt8(1)) }
        }
        try perform(message, "isolate an interface")
    }

    /// Keeps the kernel from giving the interface an IPv6 address by itself. Harmless without IPv6.
    mutating func disableLinkLocal(_ index: Int32) {
        let none: UInt8 = 1
        var message = NetlinkMessage(.newLink)
        message.putLinkHeader(index: index)
        message.nested(Link.familySettings) { families in
            families.nested(UInt16(AF_INET6)) { $0.attribute(Link.addressGeneration, none) }
        }
        try? perform(message, "configure an interface")
    }

    mutating func rename(_ index: Int32, to name: String) throws(SystemError) {
        var message = NetlinkMessage(.newLink)
        message.putLinkHeader(index: index)
        message.attribute(Link.name, name)
        try perform(message, "rename an interface to \(name)")
    }

    /// Removes an interface; harmless when it is gone.
    mutating func removeLink(_ name: String) throws(SystemError) {
        var message = NetlinkMessage(.deleteLink)
        message.putLinkHeader()
        message.attribute(Link.name, name)
        do {
            try perform(message, "remove interface \(name)")
        } catch {
            guard error.code == ENODEV else { throw error }
        }
    }

    /// Nil when there is no interface of that name.
    mutating func link(_ name: String) throws(SystemError) -> LinkDescription? {
        var message = NetlinkMessage(.getLink)
        message.putLinkHeader()
        message.attribute(Link.name, name)
        do {
            return try ask(message, "find interface \(name)").first.map(Self.describe)
        } catch {
            guard error.code == ENODEV else { throw error }
            return nil
        }
    }

    mutating func links() throws(SystemError) -> [LinkDescription] {
        var message = NetlinkMessage(.getLink, .dump)
        message.putLinkHeader()
        return try ask(message, "list interfaces").map(Self.describe)
    }

    private static func describe(_ reply: NetlinkReply) -> LinkDescription {
        let attributes = reply.attributes(from: 16)
        let information = attributes[Link.information].map { NetlinkReply.attributes($0) } ?? [:]
        return LinkDescription(
            index: NetlinkReply.number(reply.body, 4, as: Int32.self), name: text(attributes[Link.name]),
            kind: text(information[Link.kind]),
            master: NetlinkReply.number(attributes[Link.master] ?? [], 0, as: Int32.self))
    }

    private static func text(_ bytes: ArraySlice<UInt8>?) -> String {
        String(decoding: (bytes ?? []).prefix { $0 != 0 }, as: UTF8.self)
    }
}
