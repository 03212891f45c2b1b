import CLinux
import Glibc

/// Signals read as events instead of interrupting the program.
package struct Signals: ~Copyable {
    private let descriptor: FileDescriptor

    /// Blocks `numbers` for this thread and those it starts from now on, and collects them here.
    package init(_ numbers: [Int32]) throws(SystemError) {
        var set = sigset_t()
        sigemptyset(&set)
        for number in numbers { sigaddset(&set, number) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        descriptor = FileDescriptor(owning: try checked("collect signals") { viv_signalfd(&set) })
    }

    /// Readable when a signal waits.
    package var raw: Int32 { descriptor.raw }

    /// The next waiting signal.
    package func next() -> Int32? {
        let number = viv_signalfd_next(descriptor.raw)
        return number == 0 ? nil : number
    }

    /// Writes to a closed pipe or socket fail with EPIPE instead of ending the process.
    package static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }
}
