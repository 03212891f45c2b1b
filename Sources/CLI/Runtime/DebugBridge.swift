import Glibc
import Host
import Model

/// Carries bytes between a debugger and a machine of this user.
enum DebugBridge {
    /// Asks the machine to let a debugger in.
    ///
    /// - Returns: the connection to its stub.
    static func connect(_ id: MachineID, in directory: RuntimeDirectory) throws(Failure) -> FileDescriptor {
        do {
            let socket = try UnixSocket.connect(directory.controlSocket(of: id))
            let request = ControlRequest(request: 1, command: .debug)
            try Descriptors.writeAll(socket.raw, JSONLine.encode(request))
            // Byte by byte: what follows the line is the stub's.
            var line: [UInt8] = []
            while let byte = try Descriptors.read(socket.raw, limit: 1)?.first, byte != 0x0A {
                line.append(byte)
            }
            guard let reply = JSONLine.decode(ControlReply.self, from: line) else {
                throw Failure.refused("the machine does not answer")
            }
            if let refusal = reply.refusal { throw Failure.refused("\(id): \(refusal)") }
            return socket
        } catch let failure as Failure {
            throw failure
        } catch {
            throw .refused("the machine does not listen: \(error)")
        }
    }

    /// Serves until one side ends.
    static func carry(_ machine: Int32, input: Int32, output: Int32) {
        var slots = [
            pollfd(fd: machine, events: Int16(POLLIN), revents: 0),
            pollfd(fd: input, events: Int16(POLLIN), revents: 0),
        ]
        let ways = [(machine, output), (input, machine)]
        while true {
            guard poll(&slots, 2, -1) > 0 || errno == EINTR else { return }
            for (slot, way) in zip(slots, ways) where slot.revents != 0 {
                guard let bytes = try? Descriptors.read(way.0, limit: 16384), !bytes.isEmpty,
                    (try? Descriptors.writeAll(way.1, bytes)) != nil
                else { return }
            }
        }
    }
}
