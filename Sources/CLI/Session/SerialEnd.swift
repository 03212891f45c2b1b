import Glibc
import Host

/// What stands at our end of the guest's serial port.
protocol SerialEnd: AnyObject {
    /// `viv` runs again after it was stopped.
    func resumed()
    /// The machine has ended and its output is complete: write what waits.
    func finish()
}

extension SerialEnd {
    func resumed() {}
}

/// Output to a file; no input.
final class SerialFile: SerialEnd {
    private let file: FileDescriptor
    private let output: Outlet

    init(_ line: SerialLine, loop: EventLoop, file: consuming FileDescriptor) {
        output = Outlet(file.raw, loop: loop, shared: true)
        self.file = file
        line.received = { [unowned self] in self.output.send($0) }
    }

    func finish() { output.flush() }
}

/// A pseudo-terminal that any terminal program can open.
final class SerialPseudoTerminal: SerialEnd {
    private let loop: EventLoop
    private let terminal: PseudoTerminal
    private let output: Outlet

    init(_ line: SerialLine, loop: EventLoop, terminal: consuming PseudoTerminal) throws(SystemError) {
        let master = terminal.master.raw
        // The guest's own terminal layer echoes and edits; this one must not do it again.
        var settings = termios()
        tcgetattr(terminal.slave.raw, &settings)
        cfmakeraw(&settings)
        tcsetattr(terminal.slave.raw, TCSANOW, &settings)
        try terminal.master.setNonBlocking()
        output = Outlet(master, loop: loop, shared: false)
        self.terminal = terminal
        self.loop = loop
        line.received = { [unowned self] bytes in
            // Nobody need be listening: what does not fit is lost, as on an unplugged cable.
            if !self.output.isFull { self.output.send(bytes) }
        }
        try loop.add(master, .read) { _ in
            if let bytes = try? Descriptors.read(master, limit: 4096), !bytes.isEmpty { line.send(bytes) }
        }
    }

    func finish() { loop.remove(terminal.master.raw) }
}

/// A Unix socket that serves one client at a time; output without a client is lost.
final class SerialSocket: SerialEnd {
    private let loop: EventLoop
    private let line: SerialLine
    private let listener: FileDescriptor
    private let path: String
    private var client: Client?

    private final class Client {
        let socket: FileDescriptor
        let output: Outlet

        init(_ socket: consuming FileDescriptor, loop: EventLoop) {
            output = Outlet(socket.raw, loop: loop, shared: false)
            self.socket = socket
        }
    }

    init(_ line: SerialLine, loop: EventLoop, path: String) throws(SystemError) {
        listener = try UnixSocket.listen(path)
        self.path = path
        self.line = line
        self.loop = loop
        line.received = { [unowned self] bytes in
            if let output = self.client?.output, !output.isFull { output.send(bytes) }
        }
        try loop.add(listener.raw, .read) { [unowned self] _ in self.accept() }
    }

    /// A second client is turned away by closing its connection.
    private func accept() {
        guard let socket = UnixSocket.accept(listener.raw), client == nil else { return }
        let raw = socket.raw
        client = Client(socket, loop: loop)
        try? loop.add(raw, .read) { [unowned self] _ in
            guard let bytes = try? Descriptors.read(raw, limit: 4096) else { return self.hangUp() }
            bytes.isEmpty ? self.hangUp() : self.line.send(bytes)
        }
    }

    private func hangUp() {
        guard let client else { return }
        loop.remove(client.socket.raw)
        self.client = nil
    }

    func finish() {
        client?.output.flush()
        hangUp()
        loop.remove(listener.raw)
        unlink(path)
    }
}
