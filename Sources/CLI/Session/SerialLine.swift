import Glibc
import Host

/// Our end of the guest's serial port.
final class SerialLine {
    private let loop: EventLoop
    private let socket: FileDescriptor
    private let input: Outlet
    private var isPaused = false
    private var hasEnded = false

    /// Takes what the guest writes.
    var received: ([UInt8]) -> Void = { _ in }

    /// Takes over our end of the socket pair.
    init(_ socket: consuming FileDescriptor, loop: EventLoop) throws(SystemError) {
        try socket.setNonBlocking()
        input = Outlet(socket.raw, loop: loop, shared: false)
        self.socket = socket
        self.loop = loop
        try loop.add(self.socket.raw, .read) { [unowned self] _ in self.read() }
    }

    deinit { loop.remove(socket.raw) }

    /// Whether the guest is slow to read: hold further input back until `inputDrained`.
    var isInputFull: Bool { input.isFull }

    /// Called when the guest has caught up.
    var inputDrained: () -> Void {
        get { input.drained }
        set { input.drained = newValue }
    }

    /// Types `bytes` into the guest.
    func send(_ bytes: [UInt8]) { input.send(bytes) }

    /// Stops taking output, which in the end makes the guest wait; for a slow reader.
    func pauseOutput() { setPaused(true) }

    func resumeOutput() { setPaused(false) }

    private func setPaused(_ paused: Bool) {
        guard paused != isPaused, !hasEnded else { return }
        isPaused = paused
        loop.modify(socket.raw, paused ? [] : .read)
    }

    private func read() {
        guard let bytes = try? Descriptors.read(socket.raw) else { return }
        guard !bytes.isEmpty else {
            hasEnded = true
            return loop.remove(socket.raw)
        }
        received(bytes)
    }

    /// Takes what is still on its way from a machine that has ended.
    func drain() {
        while let bytes = try? Descriptors.read(socket.raw), !bytes.isEmpty { received(bytes) }
    }
}
