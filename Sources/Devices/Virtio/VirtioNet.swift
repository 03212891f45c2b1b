import Disks
import Glibc
import Host
import NetworkStack
import Synchronization

/// A virtio network device (Virtio 1.2, section 5.1) over a frame socket: each datagram of a
/// SOCK_SEQPACKET socket is what one virtio-net buffer holds, header and frame.
///
/// Frames move between the socket and guest RAM without a copy of ours: one worker sends, one
/// receives. A slow guest fills the socket and so holds the sender back; a slow network leaves
/// frames in the guest's queue.
package final class VirtioNet: VirtioDevice {
    private static let receiveQueue = 0
    private static let frameBudget = 64
    /// Asked of the kernel for frames on their way out: several large ones.
    private static let sendBufferSize: Int32 = 1 << 20
    private static let shortest = VirtioNetHeader.length + EthernetFrame.headerLength

    package let traits = VirtioTraits(deviceID: 1, features: .net, queueSizes: [1024, 512])
    package let configuration: [UInt8]
    private let socket: FileDescriptor
    private let receiver = Mutex(FrameReceiver())

    /// Takes over one end of a frame socket. `hardwareAddress` has six bytes.
    package init(socket: consuming FileDescriptor, hardwareAddress: [UInt8]) {
        // mac, status (link up), max_virtqueue_pairs.
        configuration = hardwareAddress.prefix(6) + [1, 0, 1, 0]
        var size = Self.sendBufferSize
        setsockopt(socket.raw, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        self.socket = socket
    }

    package func configure(at offset: Int, _ value: UInt8) {}

    package func activate(_ features: VirtioFeatures) {
        receiver.withLock { $0.begin(features) }
    }

    package func reset() {
        receiver.withLock { $0.end() }
    }

    package func serve(_ index: Int, _ queue: inout Virtqueue) -> QueueWait {
        guard index != Self.receiveQueue else { return receive(&queue) }
        for _ in 0..<Self.frameBudget {
            guard let chain = queue.pop() else { return .doorbell }
            guard send(chain.readable) else {
                queue.unpop()
                return .writable(socket.raw)
            }
            queue.complete(chain.head, written: 0)
        }
        return .again
    }

    private func receive(_ queue: inout Virtqueue) -> QueueWait {
        receiver.withLock { $0.serve(&queue, from: socket.raw) }
    }

    /// False when the socket is full. Frames that are no frames, and all of them once the other end
    /// is gone, are lost as on a wire.
    private func send(_ frame: IOVectors) -> Bool {
        guard frame.byteCount >= Self.shortest, frame.byteCount <= maximumFrameDatagram else { return true }
        var message = msghdr()
        message.msg_iov = frame.base
        message.msg_iovlen = frame.count
        let flags = Int32(MSG_DONTWAIT | MSG_NOSIGNAL)
        while sendmsg(socket.raw, &message, flags) < 0 {
            guard errno == EINTR else { return errno != EAGAIN }
        }
        return true
    }
}

extension VirtioFeatures {
    /// VIRTIO_NET_F_CSUM: frames from the guest may have partial checksums.
    private static let netChecksum = VirtioFeatures(bit: 0)
    /// VIRTIO_NET_F_GUEST_CSUM: frames to the guest may have.
    static let netGuestChecksum = VirtioFeatures(bit: 1)
    private static let netHardwareAddress = VirtioFeatures(bit: 5)
    /// VIRTIO_NET_F_GUEST_TSO4, 6: frames to the guest may be large segments.
    static let netGuestTSO4 = VirtioFeatures(bit: 7)
    static let netGuestTSO6 = VirtioFeatures(bit: 8)
    /// VIRTIO_NET_F_HOST_TSO4, 6: frames from the guest may be.
    private static let netHostTSO4 = VirtioFeatures(bit: 11)
    private static let netHostTSO6 = VirtioFeatures(bit: 12)
    /// VIRTIO_NET_F_MRG_RXBUF: a frame may fill several buffers.
    static let netMergeableBuffers = VirtioFeatures(bit: 15)
    private static let netStatus = VirtioFeatures(bit: 16)

    static let net: VirtioFeatures = [
        .netChecksum, .netGuestChecksum, .netHardwareAddress, .netGuestTSO4, .netGuestTSO6, .netHostTSO4,
        .netHostTSO6, .netMergeableBuffers, .netStatus,
    ]
}
