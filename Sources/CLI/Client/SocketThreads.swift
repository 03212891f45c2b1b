import Glibc
import NIOPosix

/// The threads that NIO runs on. They take no signals: those belong to the thread that runs the command.
enum SocketThreads {
    /// For requests and their answers.
    static let shared = make()

    /// One thread more: a stream's own, which may wait for a slow terminal without holding requests up.
    static func make() -> MultiThreadedEventLoopGroup {
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        return MultiThreadedEventLoopGroup(numberOfThreads: 1)
    }
}
