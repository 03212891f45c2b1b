import Display
import Glibc
import Host
import Model

/// Talks to one running machine of this user.
struct ControlClient {
    private let path: String

    init(_ id: MachineID, in directory: RuntimeDirectory) { path = directory.controlSocket(of: id) }

    /// The reply to `command`. A machine that has gone or does not answer within `seconds` is a failure.
    func ask(_ command: ControlCommand, seconds: Int = 5) throws(Failure) -> ControlReply {
        try ask(ControlRequest(request: 1, command: command), seconds: seconds)
    }

    func ask(_ request: ControlRequest, seconds: Int = 5) throws(Failure) -> ControlReply {
        do {
            let socket = try UnixSocket.connect(path)
            try Descriptors.writeAll(socket.raw, JSONLine.encode(request))
            if let reply = try Self.reply(from: socket.raw, seconds: seconds) { return reply }
        } catch {
            throw .refused("the machine does not listen: \(error)")
        }
        // A machine that was told to end may be gone before it answers.
        if request.command == .kill { return ControlReply(reply: 1) }
        throw .refused("the machine does not answer: end it with 'viv kill'")
    }

    /// What the machine's screen shows.
    func picture() throws(Failure) -> Surface {
        do {
            let socket = try UnixSocket.connect(path)
            let request = ControlRequest(request: 1, command: .picture)
            try Descriptors.writeAll(socket.raw, JSONLine.encode(request))
            // Byte by byte, because one behind the line carries the screen's memory.
            var (line, byte): ([UInt8], UInt8) = ([], 0)
            while line.count < LineSplitter.maximumLength, recv(socket.raw, &byte, 1, 0) == 1, byte != 0x0A {
                line.append(byte)
            }
            let reply = JSONLine.decode(ControlReply.self, from: line)
            if let refusal = reply?.refusal { throw Failure.refused(refusal) }
            guard let screen = reply?.screen, let memory = DescriptorPassing.receive(from: socket.raw),
                let surface = Surface(shared: memory.raw), surface.resize(screen.width, screen.height)
            else { throw Failure.refused("the machine does not show its screen") }
            return surface
        } catch let failure as Failure {
            throw failure
        } catch {
            throw .refused("the machine does not listen: \(error)")
        }
    }

    private static func reply(from socket: Int32, seconds: Int) throws(SystemError) -> ControlReply? {
        var lines = LineSplitter()
        let deadline = EventLoop.now() + UInt64(seconds) * 1_000_000_000
        while EventLoop.now() < deadline {
            var slot = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            guard poll(&slot, 1, 100) > 0 else { continue }
            guard let bytes = try Descriptors.read(socket), !bytes.isEmpty else { return nil }
            for line in lines.take(bytes) {
                if let reply = JSONLine.decode(ControlReply.self, from: line) { return reply }
            }
        }
        return nil
    }
}
