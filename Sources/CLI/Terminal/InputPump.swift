import Glibc
import Host

/// Carries standard input into a stream, a piece at a time: the next is read when the socket has taken the last.
final class InputPump {
    private let connection: StreamConnection
    private let loop: Host.EventLoop
    private var keys: DetachKeys?
    private var isWatched = false
    private var hasEnded = false

    /// Called when the user has typed the detach keys.
    var left: () -> Void = {}

    /// - Parameter keys: the detach keys; `nil` where input is no terminal.
    init(_ connection: StreamConnection, loop: Host.EventLoop, keys: DetachKeys?) {
        self.connection = connection
        self.loop = loop
        self.keys = keys
    }

    func start() { watch() }

    func stop() {
        hasEnded = true
        unwatch()
    }

    private func watch() {
        guard !isWatched, !hasEnded else { return }
        do {
            try loop.add(STDIN_FILENO, .read) { [unowned self] _ in read() }
            isWatched = true
        } catch {
            // A regular file or /dev/null cannot be watched: it is always ready.
            loop.schedule(after: 0) { [weak self] in self?.read() }
        }
    }

    private func unwatch() {
        if isWatched { loop.remove(STDIN_FILENO) }
        isWatched = false
    }

    private func read() {
        guard !hasEnded else { return }
        let bytes: [UInt8]
        do {
            guard let some = try Descriptors.read(STDIN_FILENO, limit: 32768) else { return }
            bytes = some
        } catch {
            bytes = []
        }
        unwatch()
        guard !bytes.isEmpty else {
            hasEnded = true
            connection.send(Frame(.closeInput))
            return
        }
        guard var keys else { return send(bytes) }
        let (passed, leaves) = keys.take(bytes)
        self.keys = keys
        if leaves {
            hasEnded = true
            left()
        } else if passed.isEmpty {
            watch()
        } else {
            send(passed)
        }
    }

    private func send(_ bytes: [UInt8]) {
        let token = Unmanaged.passRetained(self)
        let loop = loop
        // The pump is touched on the loop's thread only; what crosses threads is its address.
        nonisolated(unsafe) let pump = token
        connection.send(Frame(.input, bytes)) {
            loop.post { pump.takeRetainedValue().watch() }
        }
    }
}
