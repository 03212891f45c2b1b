import CLinux
import Glibc
import Host

/// The virtio console's share of the line to the parent: what the guest writes there comes out beside the
/// serial port's output, and once it has written there, input goes there too.
///
/// Belongs to the loop's thread.
package final class SecondConsole {
    private let stream: FileDescriptor
    private let loop: EventLoop
    /// Whether the guest speaks here, and so reads here.
    private var isInUse = false

    /// `stream` is the other end of what the virtio console writes to.
    package init(stream: consuming FileDescriptor, loop: EventLoop) throws(SystemError) {
        try stream.setNonBlocking()
        self.stream = stream
        self.loop = loop
    }

    /// Starts to pass output on to `transmit`; `wantsInput` is told when there is room after `offer` took less
    /// than it was given.
    package func connect(
        transmit: @escaping (UnsafeRawBufferPointer) -> Void, wantsInput: @escaping () -> Void
    ) throws(SystemError) {
        try loop.add(stream.raw, .read) { [unowned self] readiness in
            if readiness.canWrite {
                loop.modify(stream.raw, .read)
                wantsInput()
            }
            guard let bytes = try? Descriptors.read(stream.raw, limit: 4096), !bytes.isEmpty else { return }
            isInUse = true
            bytes.withUnsafeBytes(transmit)
        }
    }

    /// Offers input. Returns how many bytes were taken; `nil` when the guest does not use this console.
    package func offer(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard isInUse else { return nil }
        let count = send(stream.raw, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
        if count < bytes.count { loop.modify(stream.raw, [.read, .write]) }
        return max(count, 0)
    }

    /// The guest begins anew, and nothing is known of its consoles.
    package func reset() { isInUse = false }
}
