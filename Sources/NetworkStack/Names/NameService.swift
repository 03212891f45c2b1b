import Glibc
import Host

/// A network's name server with its sockets: answers by the rules of `NameServer` and forwards the rest.
///
/// Everything runs on one loop. Bounded: so many queries under way, so many streams open, each for so long.
package final class NameService {
    static let maximumForwards = 512
    static let maximumStreams = 128
    static let resolverLifetime: UInt64 = 10_000_000_000

    let loop: EventLoop
    private(set) var server: NameServer
    /// Addresses of our own, which must not be asked: that would be a circle.
    private let own: Set<IPAddress>
    private let fixedResolvers: [IPAddress]?
    private var resolvers: [IPAddress] = []
    private var resolversReadAt: UInt64 = 0
    private var sockets: [NameSocket] = []
    var forwards: [UInt64: NameForward] = [:]
    var streams: [UInt64: NameStream] = [:]
    private var issued: UInt64 = 0
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 64)

    /// - Parameters:
    ///   - own: the addresses at which this service is reached.
    ///   - resolvers: where queries are forwarded to; nil means the servers of `/etc/resolv.conf`.
    package init(
        loop: EventLoop, subnets: [Prefix], isInternal: Bool, own: [IPAddress], resolvers: [IPAddress]? = nil
    ) {
        self.loop = loop
        self.own = Set(own)
        server = NameServer(subnets: subnets, isInternal: isInternal)
        fixedResolvers = resolvers
    }

    deinit {
        buffer.deallocate()
    }

    package func replace(_ table: NameTable) { server.replace(table) }

    /// Listens by UDP and TCP at an address of this host: by both or by none. Throws the address and reason if it
    /// cannot.
    package func listen(at endpoint: Endpoint) throws(NetworkError) {
        let transports = [PortForward.Transport.udp, .tcp]
        var items: [NameSocket] = []
        for transport in transports {
            let forward = PortForward(transport: transport, host: endpoint, guest: endpoint)
            items.append(NameSocket(socket: try HostSocket.listener(for: forward)))
        }
        sockets += items
        for (transport, item) in zip(transports, items) {
            do {
                try loop.add(item.socket.raw, .read) { [unowned self] _ in
                    if transport == .udp { receive(item) } else { accept(item) }
                }
            } catch {
                throw .system(error)
            }
        }
    }

    func number() -> UInt64 {
        issued += 1
        return issued
    }

    /// Whom to ask for `asked`, or for nobody in particular: the host's servers, looked up anew now and then.
    func upstream(_ asked: [IPAddress]) -> [IPAddress] {
        guard asked.isEmpty else { return asked }
        if let fixedResolvers { return fixedResolvers }
        let now = EventLoop.now()
        if resolversReadAt == 0 || now &- resolversReadAt > Self.resolverLifetime {
            resolversReadAt = now
            if let file = try? FileDescriptor.open("/etc/resolv.conf"),
                let bytes = try? Descriptors.read(file.raw)
            {
                resolvers = ResolverList.parse(String(decoding: bytes, as: UTF8.self))
            }
        }
        return resolvers.filter { !own.contains($0) }
    }
}

/// A socket at which queries arrive.
final class NameSocket {
    let socket: FileDescriptor

    init(socket: consuming FileDescriptor) {
        self.socket = socket
    }
}

// MARK: - Queries in datagrams

extension NameService {
    private static let batch = 32

    private func receive(_ item: NameSocket) {
        for _ in 0..<Self.batch {
            // An error is that of an earlier answer: its asker has gone.
            guard let datagram = try? DatagramSocket.receive(from: item.socket.raw, into: buffer) else {
                return
            }
            guard let peer = datagram.peer else { continue }
            answer(Array(datagram.bytes), from: peer.address) { answer in
                _ = answer.withUnsafeBytes { bytes in
                    HostSocket.withAddress(of: peer) {
                        sendto(item.socket.raw, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL), $0, $1)
                    }
                }
            }
        }
    }

    /// Answers a query that came in a datagram, now or later, or never if it is none. On the loop's thread.
    package func answer(_ query: [UInt8], from asker: IPAddress, _ reply: @escaping ([UInt8]) -> Void) {
        switch server.decide(query, from: asker) {
        case .answer(let answer): reply(answer)
        case .ignore: break
        case .forward(let asked): forward(query, to: upstream(asked), reply)
        }
    }

    private func forward(_ query: [UInt8], to resolvers: [IPAddress], _ reply: @escaping ([UInt8]) -> Void) {
        guard forwards.count < Self.maximumForwards, !resolvers.isEmpty else {
            return reply(DNSMessage.serverFailure(for: query))
        }
        let id = number()
        let forward = NameForward(query: query, resolvers: resolvers, loop: loop) { [unowned self] answer in
            forwards[id] = nil
            reply(answer ?? DNSMessage.serverFailure(for: query))
        }
        forwards[id] = forward
        forward.next()
    }
}

/// One query on its way through the resolvers, by UDP.
final class NameForward {
    /// How long one server may take, and how often the list is gone through.
    private static let timeout: UInt64 = 2_000_000_000
    private static let rounds = 2

    private let query: [UInt8]
    private let resolvers: [IPAddress]
    private let loop: EventLoop
    private let finish: ([UInt8]?) -> Void
    private var attempts = 0
    private var socket: DatagramSocket?
    private var timer: EventLoop.Timer?
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)

    init(
        query: [UInt8], resolvers: [IPAddress], loop: EventLoop, finish: @escaping ([UInt8]?) -> Void
    ) {
        self.query = query
        self.resolvers = resolvers
        self.loop = loop
        self.finish = finish
    }

    deinit {
        buffer.deallocate()
    }

    /// Asks the next server from a new socket, so that only this one's answer counts.
    func next() {
        close()
        guard attempts < resolvers.count * Self.rounds else { return finish(nil) }
        let resolver = Endpoint(resolvers[attempts % resolvers.count], DNSMessage.port)
        attempts += 1
        do {
            let socket = try DatagramSocket(.udp(resolver))
            self.socket = socket
            try loop.add(socket.socket.raw, .read) { [unowned self] _ in receive() }
            try socket.send(query)
            timer = loop.schedule(after: Self.timeout) { [unowned self] in
                timer = nil
                next()
            }
        } catch {
            next()
        }
    }

    private func receive() {
        do {
            guard let bytes = try socket?.receive(through: buffer) else { return }
            guard bytes.withUnsafeBytes({ DNSMessage.isAnswer($0, to: query) }) else { return }
            close()
            finish(bytes)
        } catch {
            next()
        }
    }

    private func close() {
        if let timer { loop.cancel(timer) }
        timer = nil
        if let socket { loop.remove(socket.socket.raw) }
        socket = nil
    }
}
