import Glibc
import Host

/// `viv boot --debug`: lets debuggers that connect to an address come to the machine.
final class DebugListener {
    private let listener: DebugSocket
    private let door: DebugDoor
    private let loop: EventLoop

    init(_ address: DebugAddress, _ door: DebugDoor, loop: EventLoop) throws(Failure) {
        listener = try DebugSocket(address)
        self.door = door
        self.loop = loop
        do {
            try loop.add(listener.raw, .read) { [unowned self] _ in self.accept() }
        } catch {
            throw .refused("\(error)")
        }
        Report.note("gdb: \(listener.command)\r")
    }

    deinit { loop.remove(listener.raw) }

    /// A debugger that the machine does not want finds its connection closed.
    private func accept() {
        guard let socket = UnixSocket.accept(listener.raw) else { return }
        let raw = socket.release()
        door.knock { [door] refusal in
            if refusal == nil { door.pass(raw) }
            close(raw)
        }
    }
}
