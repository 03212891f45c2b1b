import Host

/// The one thread that watches all monitors, children and files.
final class LoopThread: Sendable {
    let loop: EventLoop
    private let thread: Thread

    init() throws(SystemError) {
        let loop = try EventLoop()
        self.loop = loop
        thread = try Thread(name: "engine") { loop.run() }
    }

    func stop() {
        loop.stop()
        thread.join()
    }

    /// Takes note of the end of a child, so that it does not stay behind as a zombie.
    func reapLater(_ child: ChildProcess) {
        let kept = Kept(child)
        let loop = loop
        loop.post {
            do {
                try loop.add(kept.child.pidfd, .read) { _ in
                    loop.remove(kept.child.pidfd)
                    _ = kept.child.reap()
                }
            } catch {
                // Nothing can watch it any more: the kernel gives it to init when we end.
                return
            }
        }
    }

    private final class Kept: @unchecked Sendable {
        // SAFETY: only the loop's thread uses the child once it is here.
        let child: ChildProcess
        init(_ child: ChildProcess) { self.child = child }
    }
}
