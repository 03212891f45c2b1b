/// A hardware address and the IPv4 address that it was given.
package struct Lease: Equatable, Sendable {
    package let hardware: MACAddress
    package let address: IPv4Address
}

/// The DHCP server of the guest's network (RFC 2131, options of RFC 2132): no pool to speak of, leases that last a
/// day and are given again to whoever asks.
struct DHCPServer {
    static let serverPort: UInt16 = 67
    static let clientPort: UInt16 = 68
    static let maximumLeases = 16
    private static let magic: UInt32 = 0x6382_5363
    private static let leaseSeconds: UInt32 = 86_400

    enum MessageType: UInt8 {
        case discover = 1
        case offer, request, decline, acknowledge, refuse, release, inform
    }

    /// A message to a client and where it goes.
    struct Reply {
        let hardware: MACAddress
        let address: IPv4Address
        let message: [UInt8]
    }

    let plan: AddressPlan
    private(set) var leases: [Lease] = []
    var hostName: String?

    init(plan: AddressPlan) {
        self.plan = plan
    }

    /// Answers the payload of one datagram to port 67, or is silent.
    mutating func reply(to bytes: UnsafeRawBufferPointer) -> Reply? {
        guard let request = DHCPRequest(bytes) else { return nil }
        switch request.type {
        case .discover:
            guard let lease = lease(for: request.hardware) else { return nil }
            return answer(request, .offer, lease.address)
        case .request:
            return confirm(request)
        case .inform:
            return answer(request, .acknowledge, nil)
        default:
            return nil
        }
    }

    private mutating func confirm(_ request: DHCPRequest) -> Reply? {
        // A client that chose another server is not ours to answer (RFC 2131 §4.3.2).
        if let server = request.server, server != plan.gateway { return nil }
        guard let lease = lease(for: request.hardware) else { return nil }
        let wanted = request.wanted ?? request.clientAddress
        return answer(request, wanted == lease.address ? .acknowledge : .refuse, lease.address)
    }

    private mutating func lease(for hardware: MACAddress) -> Lease? {
        if let lease = leases.first(where: { $0.hardware == hardware }) { return lease }
        guard leases.count < Self.maximumLeases, !hardware.isGroup else { return nil }
        let address = IPv4Address(bits: plan.firstLease.bits + UInt32(leases.count))
        let lease = Lease(hardware: hardware, address: address)
        leases.append(lease)
        return lease
    }

    private func answer(_ request: DHCPRequest, _ type: MessageType, _ address: IPv4Address?) -> Reply {
        let isRefusal = type == .refuse
        let given = isRefusal ? nil : address
        var packet = PacketWriter(capacity: 320)
        packet.put(UInt32(0x0201_0600))
        packet.put(request.transaction)
        packet.put(UInt16(0))
        packet.put(request.flags)
        packet.put(request.clientAddress.bits)
        packet.put((given ?? .any).bits)
        packet.put(plan.gateway.bits)
        packet.put(UInt32(0))
        packet.put(request.hardware)
        packet.put(zeroes: 10 + 64 + 128)
        packet.put(Self.magic)
        putOptions(of: type, leased: given != nil, into: &packet)
        packet.put(zeroes: max(0, 300 - packet.count))
        let isBroadcast = isRefusal || request.flags & 0x8000 != 0
        return Reply(
            hardware: isBroadcast ? .broadcast : request.hardware,
            address: isBroadcast ? .broadcast : given ?? request.clientAddress, message: packet.bytes)
    }

    private func putOptions(of type: MessageType, leased: Bool, into packet: inout PacketWriter) {
        func put(_ code: UInt8, _ values: UInt32...) {
            packet.put(code)
            packet.put(UInt8(values.count * 4))
            for value in values { packet.put(value) }
        }
        packet.put([53, 1, type.rawValue])
        put(54, plan.gateway.bits)
        if type != .refuse {
            put(1, plan.mask.bits)
            put(3, plan.gateway.bits)
            put(6, plan.nameServer.bits)
            put(28, plan.broadcast.bits)
            if leased { put(51, Self.leaseSeconds) }
            if let name = hostName?.utf8.prefix(63), !name.isEmpty {
                packet.put([12, UInt8(name.count)])
                packet.put(name)
            }
        }
        packet.put(UInt8(255))
    }
}

/// A client's message, as far as it matters (RFC 2131 §2).
struct DHCPRequest {
    private static let fixedLength = 240
    let type: DHCPServer.MessageType
    let transaction: UInt32
    let flags: UInt16
    let clientAddress: IPv4Address
    let hardware: MACAddress
    /// Option 50.
    private(set) var wanted: IPv4Address?
    /// Option 54.
    private(set) var server: IPv4Address?

    /// Nil unless it is a client's message over Ethernet with a message type.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count > Self.fixedLength, bytes.word32(at: 0) >> 8 == 0x01_0106,
            bytes.word32(at: 236) == 0x6382_5363
        else { return nil }
        var type: DHCPServer.MessageType?
        for (code, value) in Self.options(in: bytes.from(Self.fixedLength)) {
            switch (code, value.count) {
            case (53, 1): type = DHCPServer.MessageType(rawValue: value.byte(at: 0))
            case (50, 4): wanted = IPv4Address(bits: value.word32(at: 0))
            case (54, 4): server = IPv4Address(bits: value.word32(at: 0))
            default: break
            }
        }
        guard let type else { return nil }
        self.type = type
        transaction = bytes.word32(at: 4)
        flags = bytes.word16(at: 10)
        clientAddress = IPv4Address(bits: bytes.word32(at: 12))
        hardware = MACAddress(bits: bytes.word64(at: 28) >> 16)
    }

    private static func options(in bytes: UnsafeRawBufferPointer) -> [(UInt8, UnsafeRawBufferPointer)] {
        var options: [(UInt8, UnsafeRawBufferPointer)] = []
        var rest = bytes
        while let code = rest.first, code != 255 {
            if code == 0 {
                rest = rest.from(1)
                continue
            }
            guard rest.count >= 2, rest.count >= 2 + Int(rest.byte(at: 1)) else { break }
            let length = Int(rest.byte(at: 1))
            options.append((code, rest.from(2).first(length)))
            rest = rest.from(2 + length)
        }
        return options
    }
}
