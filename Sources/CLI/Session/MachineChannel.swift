import Glibc
import Host
import Model

/// The control socket to `viv-machine`: requests go down it, events and replies come up.
final class MachineChannel {
    private let loop: EventLoop
    private let socket: FileDescriptor
    private let output: Outlet
    private var lines = LineSplitter()
    private var lastRequest: UInt64 = 0
    private var waiting: [UInt64: (ControlReply) -> Void] = [:]

    /// Takes each event, in order.
    var happened: (MachineEvent) -> Void = { _ in }

    /// Takes over our end of the control socket and sends the machine its description.
    init(_ socket: consuming FileDescriptor, spec: MachineSpec, loop: EventLoop) throws(SystemError) {
        try socket.setNonBlocking()
        output = Outlet(socket.raw, loop: loop, shared: false)
        self.socket = socket
        self.loop = loop
        output.send(JSONLine.encode(spec))
        try loop.add(self.socket.raw, .read) { [unowned self] _ in self.read() }
    }

    deinit { loop.remove(socket.raw) }

    /// Asks the machine; `answer` is called once, unless the machine ends before.
    func ask(_ command: ControlCommand, _ answer: @escaping (ControlReply) -> Void = { _ in }) {
        ask(ControlRequest(request: 0, command: command), answer)
    }

    /// The same, with all that belongs to `request` but its number.
    func ask(_ request: ControlRequest, _ answer: @escaping (ControlReply) -> Void = { _ in }) {
        lastRequest += 1
        waiting[lastRequest] = answer
        var request = request
        request.request = lastRequest
        output.send(JSONLine.encode(request))
    }

    /// Takes what is still on its way from a machine that has ended.
    func drain() { while readOnce() {} }

    private func read() {
        if !readOnce() { loop.remove(socket.raw) }
    }

    /// False at the end of the stream and, as nothing more can come then, after an error.
    private func readOnce() -> Bool {
        do {
            guard let bytes = try Descriptors.read(socket.raw) else { return true }
            lines.take(bytes).forEach(receive)
            return !bytes.isEmpty
        } catch {
            return false
        }
    }

    private func receive(_ line: [UInt8]) {
        switch JSONLine.decode(MachineMessage.self, from: line) {
        case .event(let event): happened(event)
        case .reply(let reply): waiting.removeValue(forKey: reply.reply)?(reply)
        case nil: break
        }
    }
}
