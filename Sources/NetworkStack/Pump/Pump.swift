import Glibc
import Host

/// Drives a `NAT` with host sockets, on a thread of its own: one end of a frame socket to one guest, or a link of many.
///
/// Needs no privileges. Ends by itself when the machine's end of the frame socket closes.
package final class Pump: @unchecked Sendable {
    // SAFETY: `thread` belongs to the owner who calls `start` and `stop`; everything else is touched by `init`, which
    // nobody else sees yet, and then by the loop's thread alone.

    /// Frames taken from the guest before others get their turn.
    private static let frameBatch = 64
    /// Frames after which the bytes they brought are handed to host sockets: still warm, yet in large pieces.
    private static let serviceBatch = 4
    private static let resolverLifetime: UInt64 = 10_000_000_000

    let nat: NAT
    let port: FramePort
    package let loop: EventLoop
    let configuration: NetworkConfiguration
    let datagramBuffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: DatagramSocket.maximumDatagram, alignment: 64)
    var splices: [FlowID: Splice] = [:]
    var datagramSockets: [FlowID: DatagramSocket] = [:]
    /// By the number of their forwards.
    var listeners: [Int: Listener] = [:]
    /// Answers queries of names where the configuration asks for it. Set it before the loop runs.
    package var names: NameService?
    private var timer: (deadline: UInt64, timer: EventLoop.Timer)?
    private var resolversReadAt: UInt64 = 0
    private var isWaitingToSend = false
    private var thread: Thread?

    /// Takes over `fd`, one end of a `SOCK_SEQPACKET` pair, and binds the forwards' ports. Throws `portInUse` if one
    /// of them is taken; then nothing stays bound.
    package convenience init(frameSocket fd: Int32, configuration: NetworkConfiguration) throws(NetworkError)
    {
        try self.init(fd, isPacketSocket: false, configuration)
    }

    /// Takes over `fd`, a packet socket (packet(7)) on a link with virtio headers (`PACKET_VNET_HDR`).
    package convenience init(packetSocket fd: Int32, configuration: NetworkConfiguration) throws(NetworkError)
    {
        try self.init(fd, isPacketSocket: true, configuration)
    }

    private init(_ fd: Int32, isPacketSocket: Bool, _ configuration: NetworkConfiguration)
        throws(NetworkError)
    {
        self.configuration = configuration
        nat = NAT(configuration: configuration)
        do {
            port = try FramePort(socket: FileDescriptor(owning: fd), isPacketSocket: isPacketSocket)
            loop = try EventLoop()
        } catch {
            throw .system(error)
        }
        // The NAT has numbered them in the same order.
        for (index, forward) in configuration.forwards.enumerated() {
            listeners[index] = Listener(forward: forward, socket: try HostSocket.listener(for: forward))
        }
        do {
            try watch()
        } catch {
            throw .system(error)
        }
    }

    deinit {
        datagramBuffer.deallocate()
    }

    /// Where the forwards listen, in the configuration's order: tells the port that was chosen for port 0.
    package var forwardEndpoints: [Endpoint] {
        listeners.sorted { $0.key < $1.key }.map { $0.value.endpoint }
    }

    /// Listens for one more forward. On the loop's thread, or before it runs.
    /// - Returns: its number and where it listens: the port that was chosen for port 0.
    package func addForward(_ forward: PortForward) throws(NetworkError) -> (index: Int, host: Endpoint) {
        let listener = Listener(forward: forward, socket: try HostSocket.listener(for: forward))
        let index = nat.addForward(forward)
        listeners[index] = listener
        do {
            try loop.add(listener.socket.raw, .read) { [unowned self] _ in listenerIsReady(index) }
        } catch {
            removeForward(index)
            throw .system(error)
        }
        return (index, listener.endpoint)
    }

    /// Stops to listen for a forward; harmless when there is none of that number. On the loop's thread.
    package func removeForward(_ index: Int) {
        nat.removeForward(index)
        if let listener = listeners.removeValue(forKey: index) { loop.remove(listener.socket.raw) }
        settle(now: EventLoop.now())
    }

    /// See `NAT.pinNeighbours`. On the loop's thread.
    package func pinNeighbours(_ known: [IPAddress: MACAddress]) { nat.pinNeighbours(known) }

    private func watch() throws(SystemError) {
        try loop.add(port.socket.raw, .read) { [unowned self] _ in frameSocketIsReady() }
        for (index, listener) in listeners {
            try loop.add(listener.socket.raw, .read) { [unowned self] _ in listenerIsReady(index) }
        }
    }

    /// Starts the thread. Call it once.
    package func start() throws(NetworkError) {
        do {
            thread = try Thread(name: "network") { self.loop.run() }
        } catch {
            throw .system(error)
        }
    }

    /// Waits until the machine's end of the frame socket has closed, or `stop` was called elsewhere.
    package func waitUntilEnded() {
        thread?.join()
        thread = nil
    }

    /// Ends the thread, waits for it and closes all host sockets. Harmless if it has ended.
    package func stop() {
        loop.stop()
        thread?.join()
        thread = nil
        for flow in Array(splices.keys) + Array(datagramSockets.keys) { close(flow, abruptly: true) }
        for listener in listeners.values { loop.remove(listener.socket.raw) }
        listeners.removeAll()
    }
}

// MARK: - Frames

extension Pump {
    private func frameSocketIsReady() {
        let now = EventLoop.now()
        refreshResolvers(now: now)
        port.retry()
        for count in 1...Self.frameBatch {
            switch port.receive() {
            case .frame(let frame):
                nat.receive(frame, now: now)
                if count % Self.serviceBatch == 0 { perform(now: now) }
            case .nothing:
                return settle(now: now)
            case .end:
                loop.remove(port.socket.raw)
                return loop.stop()
            }
        }
        settle(now: now)
    }

    /// Does everything that the last events gave rise to, and sets the timer for what comes.
    func settle(now: UInt64) {
        repeat {
            perform(now: now)
            sendFrames(now: now)
        } while nat.hasActions
        updateInterest()
        setTimer(now: now)
    }

    private func sendFrames(now: UInt64) {
        while !port.isBlocked, let frame = nat.nextFrame(now: now) {
            port.send(frame)
        }
    }

    private func updateInterest() {
        guard port.isBlocked != isWaitingToSend else { return }
        isWaitingToSend = port.isBlocked
        loop.modify(port.socket.raw, isWaitingToSend ? [.read, .write] : .read)
    }

    private func setTimer(now: UInt64) {
        let deadline = nat.nextDeadline
        guard deadline < timer?.deadline ?? .max else { return }
        if let timer { loop.cancel(timer.timer) }
        let new = loop.schedule(at: deadline) { [unowned self] in
            timer = nil
            let now = EventLoop.now()
            nat.tick(now: now)
            settle(now: now)
        }
        timer = (deadline, new)
    }

    /// The host may move between networks; a look now and then, only while the guest is active.
    private func refreshResolvers(now: UInt64) {
        guard configuration.resolvers == nil, !configuration.asksForNames,
            resolversReadAt == 0 || now &- resolversReadAt > Self.resolverLifetime
        else { return }
        resolversReadAt = now
        guard let file = try? FileDescriptor.open("/etc/resolv.conf"),
            let bytes = try? Descriptors.read(file.raw)
        else { return }
        nat.resolvers = ResolverList.parse(String(decoding: bytes, as: UTF8.self))
    }
}
