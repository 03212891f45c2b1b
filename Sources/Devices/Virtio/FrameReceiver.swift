import Disks
import Glibc
import NetworkStack

/// Moves frames from the frame socket into a driver's receive queue.
///
/// Where the driver takes large and unfinished frames, a datagram is received straight into its
/// buffers; else into scratch memory, to be finished and cut up on the way.
struct FrameReceiver: ~Copyable {
    /// Frames, or their parts, and bytes between two looks at the driver's wish for interrupts.
    private static let frameBudget = 64
    private static let byteBudget = 256 << 10
    /// Virtio header and Ethernet header.
    private static let shortest = VirtioNetHeader.length + EthernetFrame.headerLength
    /// Where the virtio header counts the buffers of a frame (`num_buffers`, 16 bits).
    private static let bufferCountOffset = 10

    private var window = ReceiveWindow()
    private var offload = SoftwareOffload(accepted: [])
    private var mergesBuffers = false
    /// Finished frames that the driver has no buffers for yet.
    private var waiting: ArraySlice<[UInt8]> = []

    /// Starts a session.
    mutating func begin(_ features: VirtioFeatures) {
        offload = SoftwareOffload(accepted: features)
        mergesBuffers = features.contains(.netMergeableBuffers)
    }

    /// Ends a session: its buffers are the driver's again.
    mutating func end() {
        window.removeAll()
        waiting = []
    }

    /// Receives until a budget is used up, buffers run out (then waits for the driver: the socket
    /// holds the sender back), or frames do.
    mutating func serve(_ queue: inout Virtqueue, from socket: Int32) -> QueueWait {
        var moved = 0
        for _ in 0..<Self.frameBudget where moved < Self.byteBudget {
            window.fill(from: &queue, wanted: mergesBuffers ? maximumFrameDatagram : 1)
            guard !window.isEmpty else { return .doorbell }
            switch offload.isNeeded ? receiveIndirectly(&queue, socket) : receiveDirectly(&queue, socket) {
            case .moved(let count): moved += count
            case .wait(let wait): return wait
            }
        }
        return .again
    }

    private enum Step {
        case moved(Int)
        case wait(QueueWait)
    }

    private var room: IOVectors { mergesBuffers ? window.vectors : window.firstVectors }

    private mutating func receiveDirectly(_ queue: inout Virtqueue, _ socket: Int32) -> Step {
        let room = room
        if room.byteCount < maximumFrameDatagram {
            let size = Self.peek(socket)
            guard size > 0 else { return Self.nothing(size, socket) }
            if size > room.byteCount {
                // Merged buffers: more may come. Without: no single buffer will ever hold it.
                guard !mergesBuffers else { return .wait(.doorbell) }
                return drop(socket)
            }
        }
        let size = Self.receive(socket, into: room)
        guard size > 0 else { return Self.nothing(size, socket) }
        if size >= Self.shortest { finish(size, &queue) }
        return .moved(size)
    }

    private mutating func receiveIndirectly(_ queue: inout Virtqueue, _ socket: Int32) -> Step {
        if waiting.isEmpty {
            let size = Self.receive(socket, into: offload.scratch)
            guard size > 0 else { return Self.nothing(size, socket) }
            waiting = offload.frames(count: size)[...]
        }
        guard let frame = waiting.first else { return .moved(0) }
        let room = room
        if frame.count > room.byteCount {
            guard !mergesBuffers else { return .wait(.doorbell) }
        } else {
            frame.withUnsafeBytes { _ = room.copy(from: $0) }
            finish(frame.count, &queue)
        }
        waiting.removeFirst()
        return .moved(frame.count)
    }

    /// Counts the buffers in the header and gives them to the driver.
    private mutating func finish(_ count: Int, _ queue: inout Virtqueue) {
        let buffers = UInt16(truncatingIfNeeded: window.buffersNeeded(for: count))
        let room = room
        room.byte(at: Self.bufferCountOffset)?.pointee = UInt8(truncatingIfNeeded: buffers)
        room.byte(at: Self.bufferCountOffset + 1)?.pointee = UInt8(truncatingIfNeeded: buffers >> 8)
        window.deliver(count, to: &queue)
        queue.publish()
    }

    private mutating func drop(_ socket: Int32) -> Step {
        _ = recv(socket, nil, 0, Int32(MSG_DONTWAIT))
        return .moved(Self.shortest)
    }

    /// What a result of zero or less means: end of the link, nothing there, or an error. A link that
    /// has ended is never waited for again.
    private static func nothing(_ result: Int, _ socket: Int32) -> Step {
        result < 0 && errno == EAGAIN ? .wait(.readable(socket)) : .wait(.doorbell)
    }

    /// The length of the next datagram.
    private static func peek(_ socket: Int32) -> Int {
        let flags = Int32(MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT)
        while true {
            let size = recv(socket, nil, 0, flags)
            if size >= 0 || errno != EINTR { return size }
        }
    }

    private static func receive(_ socket: Int32, into vectors: IOVectors) -> Int {
        var message = msghdr()
        message.msg_iov = vectors.base
        message.msg_iovlen = vectors.count
        while true {
            let size = recvmsg(socket, &message, Int32(MSG_DONTWAIT))
            if size >= 0 || errno != EINTR { return size }
        }
    }
}
