import Glibc
import Host

/// Host sockets as this module needs them: non-blocking, close-on-exec, addressed by `Endpoint`.
enum HostSocket {
    private static let flags = Int32(bitPattern: SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)

    static func tcp(isV4: Bool) throws(SystemError) -> FileDescriptor {
        let fd = try open(isV4, Int32(bitPattern: SOCK_STREAM.rawValue), Int32(IPPROTO_TCP))
        set(fd.raw, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        return fd
    }

    static func udp(isV4: Bool) throws(SystemError) -> FileDescriptor {
        try open(isV4, Int32(bitPattern: SOCK_DGRAM.rawValue), Int32(IPPROTO_UDP))
    }

    /// A ping socket: echo requests without privileges, where `net.ipv4.ping_group_range` lets us.
    static func echo(isV4: Bool) throws(SystemError) -> FileDescriptor {
        let proto = isV4 ? Int32(IPProtocol.icmp.rawValue) : Int32(IPProtocol.icmpv6.rawValue)
        return try open(isV4, Int32(bitPattern: SOCK_DGRAM.rawValue), proto)
    }

    /// A socket that listens, or receives, for a forward.
    static func listener(for forward: PortForward) throws(NetworkError) -> FileDescriptor {
        do {
            let isV4 = forward.host.address.isV4
            let fd = forward.transport == .tcp ? try tcp(isV4: isV4) : try udp(isV4: isV4)
            if forward.transport == .tcp { set(fd.raw, SOL_SOCKET, SO_REUSEADDR, 1) }
            if !isV4 { set(fd.raw, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
            let raw = fd.raw
            try checked("bind") { withAddress(of: forward.host) { bind(raw, $0, $1) } }
            if forward.transport == .tcp { try checked("listen") { listen(raw, 128) } }
            return fd
        } catch {
            throw error.code == EADDRINUSE ? .portInUse(forward) : .cannotListen(forward, errno: error.code)
        }
    }

    private static func open(_ isV4: Bool, _ type: Int32, _ proto: Int32) throws(SystemError)
        -> FileDescriptor
    {
        let family = isV4 ? AF_INET : AF_INET6
        return FileDescriptor(owning: try checked("open a socket") { socket(family, type | flags, proto) })
    }

    static func set(_ fd: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        setsockopt(fd, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Closing will send RST instead of FIN.
    static func closeAbruptly(_ fd: Int32) {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    /// The error that a socket holds, which is cleared by asking; 0 if none.
    static func pendingError(_ fd: Int32) -> Int32 {
        var (code, length): (Int32, socklen_t) = (0, socklen_t(MemoryLayout<Int32>.size))
        return getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &length) == 0 ? code : errno
    }

    /// Starts to connect: 0, EINPROGRESS, or why not.
    static func connect(_ fd: Int32, to endpoint: Endpoint) -> Int32 {
        let result = withAddress(of: endpoint) { Glibc.connect(fd, $0, $1) }
        return result == 0 ? 0 : errno
    }

    /// The next connection that waits at a listener and where it comes from; throws EAGAIN when none does.
    static func accept(_ fd: Int32) throws(SystemError) -> (connection: Int32, peer: Endpoint) {
        var raw: Int32 = -1
        let peer = endpoint { address, length in
            raw = Glibc.accept(fd, address, length)
            return raw
        }
        guard raw >= 0 else { throw SystemError("accept") }
        _ = fcntl(raw, F_SETFD, FD_CLOEXEC)
        _ = fcntl(raw, F_SETFL, O_NONBLOCK)
        set(raw, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        return (raw, peer ?? Endpoint(.v4(.any), 0))
    }

    /// What a failed call means to the guest.
    static func failure(_ code: Int32) -> HostFailure {
        switch code {
        case ECONNREFUSED, ECONNRESET, EPIPE: .refused
        case EACCES, EPERM: .prohibited
        case ENETUNREACH, EADDRNOTAVAIL, EAFNOSUPPORT, EPROTONOSUPPORT, EINVAL: .networkUnreachable
        default: .hostUnreachable
        }
    }
}

// MARK: - Addresses

extension HostSocket {
    /// Calls `body` with the kernel's form of an endpoint.
    static func withAddress<Result>(
        of endpoint: Endpoint, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        withUnsafeTemporaryAllocation(byteCount: MemoryLayout<sockaddr_in6>.size, alignment: 8) { memory in
            memory.initializeMemory(as: UInt8.self, repeating: 0)
            memory.storeBytes(of: endpoint.port.bigEndian, toByteOffset: 2, as: UInt16.self)
            let length = store(endpoint.address, in: memory)
            guard let base = memory.baseAddress else { preconditionFailure("an allocation has an address") }
            return base.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }

    private static func store(_ address: IPAddress, in memory: UnsafeMutableRawBufferPointer) -> socklen_t {
        switch address {
        case .v4(let v4):
            memory.storeBytes(of: sa_family_t(AF_INET), as: sa_family_t.self)
            memory.storeBytes(of: v4.bits.bigEndian, toByteOffset: 4, as: UInt32.self)
            return socklen_t(MemoryLayout<sockaddr_in>.size)
        case .v6(let v6):
            memory.storeBytes(of: sa_family_t(AF_INET6), as: sa_family_t.self)
            memory.storeBytes(of: v6.high.bigEndian, toByteOffset: 8, as: UInt64.self)
            memory.storeBytes(of: v6.low.bigEndian, toByteOffset: 16, as: UInt64.self)
            return socklen_t(MemoryLayout<sockaddr_in6>.size)
        }
    }

    /// Calls `body` to fill in an address; nil if it returns a negative number or the family is unknown.
    static func endpoint(
        filledBy body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> some SignedInteger
    ) -> Endpoint? {
        withUnsafeTemporaryAllocation(byteCount: 128, alignment: 8) { memory in
            memory.initializeMemory(as: UInt8.self, repeating: 0)
            var length = socklen_t(memory.count)
            guard let base = memory.baseAddress,
                base.withMemoryRebound(to: sockaddr.self, capacity: 1, { body($0, &length) }) >= 0
            else { return nil }
            return endpoint(in: UnsafeRawBufferPointer(memory))
        }
    }

    private static func endpoint(in memory: UnsafeRawBufferPointer) -> Endpoint? {
        let port = memory.word16(at: 2)
        switch Int32(memory.load(as: sa_family_t.self)) {
        case AF_INET: return Endpoint(.v4(IPv4Address(bits: memory.word32(at: 4))), port)
        case AF_INET6:
            return Endpoint(.v6(IPv6Address(high: memory.word64(at: 8), low: memory.word64(at: 16))), port)
        default: return nil
        }
    }

    /// Where a socket is bound.
    static func localEndpoint(of fd: Int32) -> Endpoint? {
        endpoint { getsockname(fd, $0, $1) }
    }
}
