import Disks
import Glibc
import Host
import Synchronization

/// A virtio console with one port (Virtio 1.2, section 5.3) over a byte stream: a socket or a pipe's
/// two-way kin.
///
/// Bytes move straight between guest RAM and the stream; a full stream holds the guest back, and
/// input waits in the stream until the guest has buffers.
package final class VirtioConsole: VirtioDevice {
    private static let receiveQueue = 0
    private static let chainBudget = 64

    package let traits = VirtioTraits(deviceID: 3, features: [], queueSizes: [64, 64])
    package let configuration: [UInt8] = []
    private let stream: FileDescriptor
    /// Bytes of the first waiting output chain that the stream has taken already.
    private let sent = Mutex(0)

    /// Takes over a stream and makes it non-blocking.
    package init(stream: consuming FileDescriptor) throws(SystemError) {
        try stream.setNonBlocking()
        self.stream = stream
    }

    package func configure(at offset: Int, _ value: UInt8) {}
    package func activate(_ features: VirtioFeatures) {}
    package func reset() { sent.withLock { $0 = 0 } }

    package func serve(_ index: Int, _ queue: inout Virtqueue) -> QueueWait {
        for _ in 0..<Self.chainBudget {
            guard let chain = queue.pop() else { return .doorbell }
            let wait = index == Self.receiveQueue ? receive(chain, &queue) : send(chain, &queue)
            if let wait { return wait }
        }
        return .again
    }

    /// `nil` when the chain is done.
    private func receive(_ chain: DescriptorChain, _ queue: inout Virtqueue) -> QueueWait? {
        let pieces = Int32(chain.writable.count)
        guard pieces > 0 else {
            queue.complete(chain.head, written: 0)
            return nil
        }
        let count = Self.retrying { readv(stream.raw, chain.writable.base, pieces) }
        guard count > 0 else {
            queue.unpop()
            // Input that has ended or failed is not waited for again.
            return count < 0 && errno == EAGAIN ? .readable(stream.raw) : .doorbell
        }
        queue.didWrite(chain.writable, count: count)
        queue.complete(chain.head, written: count)
        return nil
    }

    private func send(_ chain: DescriptorChain, _ queue: inout Virtqueue) -> QueueWait? {
        var rest = chain.readable
        rest.removeFirst(sent.withLock { $0 })
        while !rest.isEmpty {
            let count = Self.retrying { writev(stream.raw, rest.base, Int32(rest.count)) }
            if count < 0, errno == EAGAIN {
                let taken = chain.readable.byteCount - rest.byteCount
                sent.withLock { $0 = taken }
                queue.unpop()
                return .writable(stream.raw)
            }
            // Nobody listens any more: what is said is lost.
            if count <= 0 { break }
            rest.removeFirst(count)
        }
        sent.withLock { $0 = 0 }
        queue.complete(chain.head, written: 0)
        return nil
    }

    private static func retrying(_ call: () -> Int) -> Int {
        while true {
            let result = call()
            if result >= 0 || errno != EINTR { return result }
        }
    }
}
