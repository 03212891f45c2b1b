import Glibc
import Host
import Model

/// A machine whose serial port, events and signals belong to the user who started it.
struct Console {
    let serial: SerialOption
    /// Whether events go to standard output, one a line.
    let json: Bool

    /// Boots `request` and serves it to its end.
    func run(_ request: BootRequest, loop: EventLoop) throws -> Outcome {
        // Before any thread starts, so that all of them leave these signals to the loop.
        let signals = try Signals([SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT])
        let session = try MachineSession(request, serial: serial != .none, loop: loop)
        let end = try SerialConnection.make(
            serial, session, output: json ? STDERR_FILENO : STDOUT_FILENO, ended: session.kill)
        if let line = session.serial { tap(line, session) }
        session.happened = { event in
            if json { Self.print(event) } else { Self.mention(event) }
        }
        if serial == .stdio, Terminal.isTerminal(STDIN_FILENO) { Self.greet() }
        try watch(signals.raw, { signals.next() }, session, end)
        let outcome = session.run()
        loop.remove(signals.raw)
        end?.finish()
        if json { Self.print(session.exitLine(for: outcome)) }
        return outcome
    }

    /// Lets the session see the output before it goes where the user wants it.
    private func tap(_ line: SerialLine, _ session: MachineSession) {
        let deliver = line.received
        line.received = { [unowned session] bytes in
            deliver(bytes)
            session.inspect(bytes)
        }
    }

    private func watch(
        _ descriptor: Int32, _ next: @escaping () -> Int32?, _ session: MachineSession,
        _ end: (any SerialEnd)?
    ) throws {
        try session.loop.add(descriptor, .read) { _ in
            while let signal = next() {
                switch signal {
                case SIGTSTP: Self.suspend()
                case SIGCONT: end?.resumed()
                default: session.stop()
                }
            }
        }
    }

    /// Stops this process as the shell expects it, with the terminal as it was; the guest runs on.
    private static func suspend() {
        Terminal.restore()
        raise(SIGSTOP)
    }

    /// The terminal is raw by now.
    private static func greet() { Report.note("Ctrl-A h shows the keys, Ctrl-A x ends the machine\r") }

    private static func print(_ line: some Encodable) {
        try? Descriptors.writeAll(STDOUT_FILENO, JSONLine.encode(line))
    }

    /// Without `--json` only troubles are worth a line.
    private static func mention(_ event: MachineEvent) {
        guard event.kind == .diskError else { return }
        Report.note("disk error: \(event.detail ?? "a request failed")")
    }
}
