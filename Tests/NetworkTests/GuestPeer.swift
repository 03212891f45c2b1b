import Glibc
import NetworkStack

/// A guest at the other end of a Pump's frame socket, with its own TCP: what a virtual machine would be.
final class GuestPeer {
    let pump: Pump
    private let socket: Int32
    private var frames = GuestFrames()
    private(set) var received: [ReceivedFrame] = []

    init(configuration: NetworkConfiguration = NetworkConfiguration(resolvers: []), offloads: Bool = true)
        throws
    {
        var pair: [Int32] = [0, 0]
        guard socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue), 0, &pair) == 0 else {
            throw TestFailure("socketpair")
        }
        socket = pair[0]
        _ = fcntl(socket, F_SETFL, O_NONBLOCK)
        frames.offload.needsChecksum = offloads
        pump = try Pump(frameSocket: pair[1], configuration: configuration)
        try pump.start()
    }

    deinit {
        pump.stop()
        close(socket)
    }

    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    func send(_ frame: [UInt8]) {
        while Glibc.send(socket, frame, frame.count, 0) < 0, errno == EAGAIN {
            var slot = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
            poll(&slot, 1, 1000)
        }
    }

    /// The next frame, waiting for at most `milliseconds`.
    func receive(within milliseconds: Int32) -> ReceivedFrame? {
        var slot = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        guard poll(&slot, 1, milliseconds) == 1 else { return nil }
        let bytes = [UInt8](unsafeUninitializedCapacity: maximumFrameDatagram) { memory, count in
            count = max(0, recv(socket, memory.baseAddress, memory.count, 0))
        }
        return ReceivedFrame(bytes)
    }

    /// The first frame that `pick` makes something of, among those of the next ten seconds.
    func first<Result>(_ pick: (ReceivedFrame) -> Result?) -> Result? {
        let end = Self.now() + 10_000_000_000
        while Self.now() < end {
            if let frame = receive(within: 100), let result = pick(frame) { return result }
        }
        return nil
    }

    /// Opens a connection of the guest's.
    func connect(from port: UInt16, to remote: Endpoint) -> GuestConnection {
        let settings = TCPConnection.Settings(maximumSegmentSize: 1460)
        let connection = TCPConnection(opening: SequenceNumber(.random(in: 0 ... .max)), settings: settings)
        if frames.offload.needsChecksum { connection.largestPayload = 61_440 }
        return GuestConnection(
            connection,
            local: Endpoint(remote.address.isV4 ? GuestFrames.address : GuestFrames.address6, port),
            remote: remote)
    }

    /// Answers a connection that somebody opens to `port` of the guest.
    func answer(_ syn: TCPHeader, on port: UInt16, from remote: Endpoint) -> GuestConnection {
        let connection = TCPConnection(
            answering: syn, initial: SequenceNumber(.random(in: 0 ... .max)),
            settings: .init(maximumSegmentSize: 1460))
        connection.accept()
        return GuestConnection(connection, local: Endpoint(GuestFrames.address, port), remote: remote)
    }

    /// Closes the machine's end; the peer is of no use after it.
    func hangUp() { shutdown(socket, Int32(SHUT_RDWR)) }

    /// Drives a connection until `condition` holds; false after twenty seconds without that.
    func drive(_ guest: GuestConnection, until condition: (TCPConnection) -> Bool) -> Bool {
        let end = Self.now() + 20_000_000_000
        while !condition(guest.connection) {
            let now = Self.now()
            guard now < end else { return false }
            guest.connection.tick(now: now)
            while let segment = guest.connection.nextSegment(now: now) {
                var frames = frames
                if segment.payload.count > guest.connection.segmentSize {
                    frames.offload.segmentation = .tcpv4
                    frames.offload.segmentSize = UInt16(guest.connection.segmentSize)
                }
                send(frames.tcp(segment, from: guest.local, to: guest.remote))
            }
            var wait: Int32 = 5
            while let frame = receive(within: wait) {
                wait = 0
                take(frame, for: guest)
            }
        }
        return true
    }

    private func take(_ frame: ReceivedFrame, for guest: GuestConnection) {
        received.append(frame)
        _ = frame.withTCP { segment in
            guard segment.destinationPort == guest.local.port, segment.sourcePort == guest.remote.port else {
                return
            }
            guest.connection.receive(segment, now: Self.now())
        }
    }
}

/// A guest's end of a connection.
final class GuestConnection {
    let connection: TCPConnection
    let local: Endpoint
    let remote: Endpoint

    init(_ connection: TCPConnection, local: Endpoint, remote: Endpoint) {
        self.connection = connection
        self.local = local
        self.remote = remote
    }

    /// Writes as much of `bytes` as there is room for, and returns how much.
    func write(_ bytes: ArraySlice<UInt8>) -> Int { connection.write(bytes) }

    /// Takes out everything that can be read.
    func read() -> [UInt8] { connection.read() }
}

extension TCPConnection {
    func write(_ bytes: ArraySlice<UInt8>) -> Int {
        let room = writable
        let (first, second) = (bytes.prefix(room.first.count), bytes.dropFirst(room.first.count))
        room.first.copyBytes(from: first)
        let rest = second.prefix(room.second.count)
        room.second.copyBytes(from: rest)
        commit(first.count + rest.count)
        return first.count + rest.count
    }

    func read() -> [UInt8] {
        let slices = readable
        let bytes = Array(slices.first) + Array(slices.second)
        consume(bytes.count)
        return bytes
    }
}

struct TestFailure: Error {
    let what: String
    init(_ what: String) { self.what = what }
}
