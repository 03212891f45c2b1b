import Glibc
import Host
import Model

/// Speaks to one machine over its control socket. Calls block for as long as the machine takes to answer.
struct MachineControl: Sendable {
    /// The folder with the machine's own folder, of which it is the only one.
    let folder: String
    private static let patience: Int32 = 5000

    private var socket: String? {
        Folder.names(in: folder).map { "\(folder)/\($0)/control.sock" }.first { access($0, F_OK) == 0 }
    }

    /// - Throws: `unavailable` when the machine does not listen, `conflict` with its reason when it refuses.
    @discardableResult
    func ask(_ command: ControlCommand) throws(EngineError) -> ControlReply {
        let reply = try exchange(command)
        // One that was told to end may be gone before it answers.
        guard let reply = reply ?? (command == .kill ? ControlReply(reply: 1) : nil) else {
            throw EngineError(.unavailable, "the machine does not answer: kill it")
        }
        if let refusal = reply.refusal { throw EngineError(.conflict, refusal) }
        return reply
    }

    private func exchange(_ command: ControlCommand) throws(EngineError) -> ControlReply? {
        do {
            guard let socket else { throw SystemError("find the machine's control socket", code: ENOENT) }
            let connection = try UnixSocket.connect(socket)
            let request = ControlRequest(request: 1, command: command)
            try Descriptors.writeAll(connection.raw, JSONLine.encode(request))
            return Self.reply(connection.raw)
        } catch {
            throw EngineError(.unavailable, "the machine does not listen: \(error)")
        }
    }

    private static func reply(_ raw: Int32) -> ControlReply? {
        var lines = LineSplitter()
        while true {
            var slot = pollfd(fd: raw, events: Int16(POLLIN), revents: 0)
            guard poll(&slot, 1, patience) > 0, let bytes = try? Descriptors.read(raw), !bytes.isEmpty
            else { return nil }
            for line in lines.take(bytes) {
                if let reply = JSONLine.decode(ControlReply.self, from: line) { return reply }
            }
        }
    }
}
