import Glibc
import Host
import Model

/// Answers `viv ps`, `viv stop` and their like on the machine's control socket: passes requests on to
/// the machine and its replies back.
final class ControlListener {
    private let loop: EventLoop
    private let channel: MachineChannel
    private let door: DebugDoor
    private let listener: FileDescriptor
    private var clients: [Int32: Client] = [:]

    /// Called when somebody ends the machine, before the machine is told.
    var killRequested: () -> Void = {}

    /// Answers what the machine is not asked; `nil` for everything else.
    var answerHere: (ControlRequest) -> ControlReply? = { _ in nil }
    /// The memory of the machine's screen, if it has one.
    var screen: () -> Int32? = { nil }

    private final class Client {
        let socket: FileDescriptor
        let output: Outlet
        var lines = LineSplitter()

        init(_ socket: consuming FileDescriptor, loop: EventLoop) {
            output = Outlet(socket.raw, loop: loop, shared: false)
            self.socket = socket
        }
    }

    init(path: String, channel: MachineChannel, door: DebugDoor, loop: EventLoop) throws(SystemError) {
        listener = try UnixSocket.listen(path)
        self.channel = channel
        self.door = door
        self.loop = loop
        try loop.add(listener.raw, .read) { [unowned self] _ in self.accept() }
    }

    deinit {
        for descriptor in clients.keys { loop.remove(descriptor) }
        loop.remove(listener.raw)
    }

    private func accept() {
        guard let socket = UnixSocket.accept(listener.raw) else { return }
        let raw = socket.raw
        clients[raw] = Client(socket, loop: loop)
        try? loop.add(raw, .read) { [unowned self] _ in self.read(raw) }
    }

    private func read(_ raw: Int32) {
        guard let client = clients[raw] else { return }
        guard let bytes = try? Descriptors.read(raw, limit: 4096), !bytes.isEmpty else {
            loop.remove(raw)
            clients[raw] = nil
            return
        }
        for line in client.lines.take(bytes) {
            guard let request = JSONLine.decode(ControlRequest.self, from: line) else { continue }
            if request.command == .debug { return letIn(request, raw) }
            pass(request, for: client)
        }
    }

    /// The machine takes the connection over, if it wants to.
    private func letIn(_ request: ControlRequest, _ raw: Int32) {
        door.knock { [weak self] refusal in
            guard let self, let client = self.clients[raw] else { return }
            client.output.send(JSONLine.encode(ControlReply(reply: request.request, refusal: refusal)))
            guard refusal == nil else { return }
            self.door.pass(raw)
            self.loop.remove(raw)
            self.clients[raw] = nil
        }
    }

    /// Requests of many clients share one socket to the machine: each gets its own number there.
    private func pass(_ request: ControlRequest, for client: Client) {
        if request.command == .kill { killRequested() }
        if let reply = answerHere(request) { return client.output.send(JSONLine.encode(reply)) }
        var forwarded = request
        if request.command == .picture { forwarded.command = .screen }
        channel.ask(forwarded) { [weak client, weak self] reply in
            guard let client else { return }
            var reply = reply
            reply.reply = request.request
            client.output.send(JSONLine.encode(reply))
            guard request.command == .picture, reply.refusal == nil, let memory = self?.screen() else {
                return
            }
            client.output.flush()
            try? DescriptorPassing.send(memory, over: client.socket.raw)
        }
    }
}
