import Glibc
import Host

/// Runs a machine nobody types to: keeps its output and shows it on standard error.
final class Recorder {
    private var output: [UInt8] = []

    /// What the guest has written so far.
    var text: String { String(decoding: output, as: UTF8.self) }

    /// Boots `request` and waits for its end; a signal to `viv` ends it.
    func run(_ request: BootRequest) throws -> Outcome {
        let loop = try EventLoop()
        let signals = try Signals([SIGINT, SIGTERM, SIGHUP])
        let session = try MachineSession(request, serial: true, loop: loop)
        session.serial?.received = { [unowned session] bytes in
            self.output += bytes
            try? Descriptors.writeAll(STDERR_FILENO, bytes)
            session.inspect(bytes)
        }
        try loop.add(signals.raw, .read) { _ in session.kill() }
        return session.run()
    }
}
