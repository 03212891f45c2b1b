import CLinux
import Glibc

/// An operating-system thread, for work that blocks: a vCPU, a reader.
package final class Thread: @unchecked Sendable {
    // SAFETY: immutable after init; `join` is called by one owner.

    private let handle: pthread_t

    private final class Start {
        let name: String
        let body: @Sendable () -> Void

        init(_ name: String, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Starts `body` on a new thread. The name (15 bytes at most are kept) is what `top -H` shows.
    package init(name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
        var handle = pthread_t()
        let start = Unmanaged.passRetained(Start(name, body))
        let code = pthread_create(&handle, nil, Self.enter, start.toOpaque())
        guard code == 0 else {
            start.release()
            throw SystemError("start a thread", code: code)
        }
        self.handle = handle
    }

    private static let enter: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = {
        guard let argument = $0 else { return nil }
        let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
        _ = viv_name_thread(start.name)
        start.body()
        return nil
    }

    /// Waits until the body has returned. Call it once.
    package func join() { pthread_join(handle, nil) }

    /// Lets the thread end by itself, in place of `join`.
    package func detach() { pthread_detach(handle) }

    /// Sends a signal to this thread alone, to interrupt a system call that it sits in.
    package func signal(_ number: Int32) { pthread_kill(handle, number) }
}
