import Glibc

/// Who sent a datagram, and to which address of the host: the answer must come from there. In the kernel's own form.
struct DatagramEnds: Hashable {
    /// A `sockaddr_in` or `sockaddr_in6`.
    let peer: [UInt8]
    /// An `in_pktinfo` or `in6_pktinfo` for the answer (ip(7), `IP_PKTINFO`; RFC 3542, section 6); empty when the kernel
    /// did not say.
    let local: [UInt8]
}

/// Datagrams at an unconnected socket that somebody else owns, each with both its ends.
final class DatagramPort {
    private static let (packetInfo, receivePacketInfo6, packetInfo6): (Int32, Int32, Int32) = (8, 49, 50)
    /// `struct cmsghdr`: length, level, type. What follows is padded to eight bytes.
    private static let headerSize = 16

    private let socket: Int32
    private let isV4: Bool
    private let data = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_535, alignment: 64)
    private let name = UnsafeMutableRawBufferPointer.allocate(
        byteCount: MemoryLayout<sockaddr_in6>.size, alignment: 8)
    private let control = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 8)

    init(_ socket: Int32, isV4: Bool) {
        (self.socket, self.isV4) = (socket, isV4)
        var one: Int32 = 1
        let option = isV4 ? Self.packetInfo : Self.receivePacketInfo6
        setsockopt(socket, level, option, &one, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit {
        for buffer in [data, name, control] { buffer.deallocate() }
    }

    private var level: Int32 { isV4 ? Int32(IPPROTO_IP) : Int32(IPPROTO_IPV6) }

    /// The next datagram; `nil` when none waits. Its bytes are good until the next call.
    func receive() -> (bytes: UnsafeRawBufferPointer, ends: DatagramEnds)? {
        exchange(data) { message in
            message.msg_name = name.baseAddress
            message.msg_namelen = socklen_t(name.count)
            message.msg_control = control.baseAddress
            message.msg_controllen = control.count
            var count = 0
            repeat { count = recvmsg(socket, &message, 0) } while count < 0 && errno == EINTR
            guard count >= 0 else { return nil }
            let ends = DatagramEnds(
                peer: Array(name.prefix(Int(message.msg_namelen))),
                local: answerInfo(UnsafeRawBufferPointer(control), Int(message.msg_controllen)))
            return (UnsafeRawBufferPointer(rebasing: data[..<count]), ends)
        }
    }

    /// Answers; what cannot be sent is lost, as datagrams are.
    func send(_ bytes: UnsafeMutableRawBufferPointer, to ends: DatagramEnds) {
        name.copyBytes(from: ends.peer)
        exchange(bytes) { message in
            message.msg_name = name.baseAddress
            message.msg_namelen = socklen_t(ends.peer.count)
            if !ends.local.isEmpty {
                control.storeBytes(of: Self.headerSize + ends.local.count, as: Int.self)
                control.storeBytes(of: level, toByteOffset: 8, as: Int32.self)
                control.storeBytes(
                    of: isV4 ? Self.packetInfo : Self.packetInfo6, toByteOffset: 12, as: Int32.self)
                UnsafeMutableRawBufferPointer(rebasing: control[Self.headerSize...]).copyBytes(
                    from: ends.local)
                message.msg_control = control.baseAddress
                message.msg_controllen = Self.headerSize + (ends.local.count + 7) & ~7
            }
            _ = sendmsg(socket, &message, Int32(MSG_NOSIGNAL))
        }
    }

    private func exchange<Result>(
        _ bytes: UnsafeMutableRawBufferPointer, _ body: (inout msghdr) -> Result
    ) -> Result {
        var vector = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
        return withUnsafeMutablePointer(to: &vector) { vector in
            var message = msghdr()
            message.msg_iov = vector
            message.msg_iovlen = 1
            return body(&message)
        }
    }

    /// What an answer says about its source, from what came with a datagram. Interfaces are left out, but where an
    /// address means nothing without.
    private func answerInfo(_ control: UnsafeRawBufferPointer, _ count: Int) -> [UInt8] {
        let size = isV4 ? 12 : 20
        guard count >= Self.headerSize + size, control.load(as: Int.self) >= Self.headerSize + size,
            control.load(fromByteOffset: 8, as: Int32.self) == level,
            control.load(fromByteOffset: 12, as: Int32.self) == (isV4 ? Self.packetInfo : Self.packetInfo6)
        else { return [] }
        var info = Array(control[Self.headerSize..<Self.headerSize + size])
        if isV4 {
            // ipi_ifindex, ipi_spec_dst, ipi_addr.
            for index in [0, 1, 2, 3, 8, 9, 10, 11] { info[index] = 0 }
        } else if info[0] != 0xFE {
            for index in 16..<20 { info[index] = 0 }
        }
        return info
    }
}
