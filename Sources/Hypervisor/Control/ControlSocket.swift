import CLinux
import Glibc
import Host
import Model

/// The machine's end of the control socket: lines of JSON in both directions.
///
/// Belongs to the loop's thread, but for `send`.
package final class ControlSocket: Sendable {
    private let descriptor: Int32

    package init(descriptor: Int32) { self.descriptor = descriptor }

    /// Reads the machine's description, the first line; blocks until it has come.
    package func readSpec() throws(MachineError) -> MachineSpec {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        // Byte by byte, because what follows the line belongs to `serve`.
        while line.count < LineSplitter.maximumLength, recv(descriptor, &byte, 1, 0) == 1, byte != 0x0a {
            line.append(byte)
        }
        guard let spec = JSONLine.decode(MachineSpec.self, from: line) else {
            throw MachineError(.badCommandLine, "no machine description on the control socket; use viv boot")
        }
        if let objection = spec.objection { throw MachineError(.badCommandLine, objection) }
        return spec
    }

    /// Answers requests from now on; `ended` is called when the parent has gone.
    package func serve(
        on loop: EventLoop, answer: @escaping (ControlRequest) -> ControlReply, ended: @escaping () -> Void
    ) throws(SystemError) {
        var splitter = LineSplitter()
        try loop.add(descriptor, .read) { [descriptor, self] _ in
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count < 0, errno == EAGAIN || errno == EINTR { return }
            guard count > 0 else {
                loop.remove(descriptor)
                return ended()
            }
            for line in splitter.take(buffer.prefix(count)) {
                guard let request = JSONLine.decode(ControlRequest.self, from: line) else { continue }
                send(.reply(answer(request)))
            }
        }
    }

    /// Sends one message; from any thread. A parent that has gone is noticed by `serve`.
    package func send(_ message: MachineMessage) {
        let line = JSONLine.encode(message)
        var sent = 0
        while sent < line.count {
            let count = line[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            sent += count
        }
    }
}
