import CLinux
import Glibc

/// A virtio entropy device (Virtio 1.2, section 5.4): the host kernel's random numbers.
package final class VirtioEntropy: VirtioDevice {
    /// Bytes given to one request; a driver that wants more asks again.
    private static let requestLimit = 64 << 10
    private static let requestBudget = 16

    package let traits = VirtioTraits(deviceID: 4, features: [], queueSizes: [64])
    package let configuration: [UInt8] = []

    package init() {}

    package func configure(at offset: Int, _ value: UInt8) {}
    package func activate(_ features: VirtioFeatures) {}
    package func reset() {}

    package func serve(_ index: Int, _ queue: inout Virtqueue) -> QueueWait {
        for _ in 0..<Self.requestBudget {
            guard let chain = queue.pop() else { return .doorbell }
            var filled = 0
            for index in 0..<chain.writable.count {
                let piece = chain.writable[index]
                filled += fill(piece.iov_base, min(piece.iov_len, Self.requestLimit - filled))
            }
            queue.didWrite(chain.writable, count: filled)
            queue.complete(chain.head, written: filled)
        }
        return .again
    }

    /// Returns `count`, or 0 when the host refuses.
    private func fill(_ start: UnsafeMutableRawPointer?, _ count: Int) -> Int {
        var done = 0
        while let start, done < count {
            let result = viv_random(start + done, count - done)
            if result <= 0, errno != EINTR { break }
            done += max(result, 0)
        }
        return done
    }
}
