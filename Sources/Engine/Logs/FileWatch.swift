import Glibc
import Host
import Synchronization

/// Tells when files of a folder change (inotify), on the loop that watches everything.
final class FileWatch: Sendable {
    private struct State {
        var hasChanged = false
        var isClosed = false
        var waiter: CheckedContinuation<Bool, Never>?
    }

    private let raw: Int32
    private let loop: EventLoop
    private let state = Mutex(State())

    init(folder: String, loop: EventLoop) throws(SystemError) {
        let raw = try checked("watch \(folder)") {
            inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        }
        self.raw = raw
        self.loop = loop
        let events = UInt32(IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF)
        try checked("watch \(folder)") { inotify_add_watch(raw, folder, events) }
        loop.post { [weak self] in
            guard let self else { return }
            do {
                try loop.add(raw, .read) { [weak self] _ in self?.drain() }
            } catch {
                self.close()
            }
        }
    }

    deinit {
        let (raw, loop) = (raw, loop)
        loop.post {
            loop.remove(raw)
            Glibc.close(raw)
        }
    }

    /// Waits for a change since the last call.
    ///
    /// - Returns: false once the watch was closed.
    func change() async -> Bool {
        await withCheckedContinuation { continuation in
            let answer = state.withLock { state -> Bool? in
                if state.isClosed { return false }
                if !state.hasChanged {
                    state.waiter = continuation
                    return nil
                }
                state.hasChanged = false
                return true
            }
            if let answer { continuation.resume(returning: answer) }
        }
    }

    /// Ends the waiting for good.
    func close() {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            state.isClosed = true
            return state.waiter
        }
        waiter?.resume(returning: false)
    }

    private func drain() {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while read(raw, &buffer, buffer.count) > 0 {}
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            if state.waiter == nil { state.hasChanged = true }
            return state.waiter
        }
        waiter?.resume(returning: true)
    }
}
