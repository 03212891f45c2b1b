import CLinux
import Glibc
import Host
import Synchronization

/// The wire between the guest's serial port and the parent: a byte stream socket, served by the loop.
///
/// Output is gathered for a moment and written by the loop in one piece: a guest prints byte by byte,
/// and a system call for each would slow its boot down. When the reader is slow the guest waits, as
/// with a real line under flow control.
package final class SerialLine: @unchecked Sendable {
    // SAFETY: `unread`, `isReading` and `isFlushing` belong to the loop's thread; the rest is behind a
    // mutex or immutable.

    /// How long output is gathered.
    private static let gathering: UInt64 = 1_000_000
    /// From this much on the guest waits for the reader.
    private static let highWater = 1 << 16
    private static let inputSize = 4096

    private struct Output {
        var bytes: [UInt8] = []
        var isScheduled = false
        var hasBegun = false
    }

    private let descriptor: Int32?
    private let loop: EventLoop
    private let output = Mutex(Output())
    private var unread: [UInt8] = []
    private var isReading = false
    private var receive: (UnsafeRawBufferPointer) -> Int = { $0.count }
    private let firstOutput: @Sendable () -> Void

    /// - Parameters:
    ///   - descriptor: the socket; without one output is thrown away.
    ///   - firstOutput: called once, on the vCPU's thread, when the guest has sent its first byte.
    package init(_ descriptor: Int32?, loop: EventLoop, firstOutput: @escaping @Sendable () -> Void) {
        self.descriptor = descriptor
        self.loop = loop
        self.firstOutput = firstOutput
    }

    /// Starts to pass input on to `receive`, which tells how many bytes it took.
    package func connect(_ receive: @escaping (UnsafeRawBufferPointer) -> Int) throws(SystemError) {
        self.receive = receive
        guard let descriptor else { return }
        try Descriptors.setNonBlocking(descriptor)
        try loop.add(descriptor, .read) { [self] readiness in
            if readiness.canWrite { flush() }
            if readiness.canRead { readInput(isGone: readiness.hungUp) }
        }
        isReading = true
    }

    /// Takes what the guest sends, on its vCPU's thread.
    package func transmit(_ bytes: UnsafeRawBufferPointer) {
        let (schedule, first, overfull) = output.withLock { output in
            output.bytes.append(contentsOf: bytes)
            defer {
                output.isScheduled = true
                output.hasBegun = true
            }
            return (!output.isScheduled, !output.hasBegun, output.bytes.count > Self.highWater)
        }
        if first { firstOutput() }
        if schedule { loop.post { [self] in loop.schedule(after: Self.gathering) { self.flush() } } }
        if overfull { waitForReader() }
    }

    /// The serial port has room again.
    package func wantsInput() {
        loop.post { [self] in deliver() }
    }

    /// Writes what is left before the machine ends, giving a slow reader a second. On the loop.
    package func drain() {
        for _ in 0..<50 {
            flush()
            if output.withLock({ $0.bytes.isEmpty }) { return }
            waitForReader()
        }
    }

    /// Lets the reader catch up, but not for ever: a machine that is to stop must not wait for its console.
    private func waitForReader() {
        guard let descriptor else { return }
        var slot = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&slot, 1, 20)
    }

    private func flush() {
        let rest = output.withLock { output in
            var sent = 0
            while sent < output.bytes.count {
                let count = write(output.bytes[sent...])
                if count <= 0 { break }
                sent += count
            }
            output.bytes.removeFirst(sent)
            output.isScheduled = !output.bytes.isEmpty
            return output.bytes.count
        }
        if let descriptor { loop.modify(descriptor, interest(writing: rest > 0)) }
    }

    /// How many bytes the reader took; all of them when there is none.
    private func write(_ bytes: ArraySlice<UInt8>) -> Int {
        guard let descriptor else { return bytes.count }
        let count = bytes.withUnsafeBytes {
            send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
        }
        if count < 0, errno != EAGAIN, errno != EINTR { return bytes.count }
        return count
    }

    private func interest(writing: Bool) -> EventLoop.Interest {
        var interest: EventLoop.Interest = isReading ? .read : []
        if writing { interest.insert(.write) }
        return interest
    }

    /// Input that ends is no reason to stop the output, unless the reader `isGone` altogether.
    private func readInput(isGone: Bool) {
        guard let descriptor, isReading || isGone else { return }
        var buffer = [UInt8](repeating: 0, count: Self.inputSize)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if count < 0, errno == EAGAIN || errno == EINTR { return }
        guard count > 0 else {
            isReading = false
            return isGone ? loop.remove(descriptor) : loop.modify(descriptor, interest(writing: false))
        }
        unread += buffer.prefix(count)
        deliver()
    }

    /// Offers what has been read; reads on only when all of it was taken.
    private func deliver() {
        while !unread.isEmpty {
            let taken = unread.withUnsafeBytes { receive($0) }
            if taken == 0 { break }
            unread.removeFirst(taken)
        }
        isReading = unread.isEmpty
        let hasOutput = output.withLock { !$0.bytes.isEmpty }
        if let descriptor { loop.modify(descriptor, interest(writing: hasOutput)) }
    }
}
