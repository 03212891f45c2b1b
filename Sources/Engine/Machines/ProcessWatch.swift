import CLinux
import Glibc
import Host

/// Waits for the end of a process that need not be a child of ours.
final class ProcessWatch: Sendable {
    private let handle: Int32
    private let loop: EventLoop
    private let ended = OneShot<Bool>()

    /// - Throws: when there is no such process.
    init(_ pid: Int32, loop: EventLoop) throws(SystemError) {
        let handle = try checked("watch process \(pid)") { viv_pidfd_open(pid) }
        self.handle = handle
        self.loop = loop
        let ended = ended
        loop.post {
            do {
                try loop.add(handle, .read) { _ in
                    loop.remove(handle)
                    close(handle)
                    ended.fulfil(true)
                }
            } catch {
                ended.fulfil(false)
            }
        }
    }

    func end() async { _ = await ended.value() }

    /// Waits no longer.
    func abandon() {
        loop.post { [self] in
            guard !ended.isFulfilled else { return }
            loop.remove(handle)
            close(handle)
            ended.fulfil(false)
        }
    }

    /// Never reaches a stranger that got the number later.
    func signal(_ number: Int32) {
        if !ended.isFulfilled { _ = viv_pidfd_signal(handle, number) }
    }
}
