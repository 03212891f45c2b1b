import Glibc
import Host

/// Builds what the user asked for at our end of the serial port.
enum SerialConnection {
    /// - Parameters:
    ///   - output: where console output goes with `stdio`: 1, or 2 while events occupy standard output.
    ///   - ended: called when the user ends the machine by its keys.
    static func make(
        _ option: SerialOption, _ session: MachineSession, output: Int32, ended: @escaping () -> Void
    ) throws -> (any SerialEnd)? {
        guard let line = session.serial else { return nil }
        switch option {
        case .stdio:
            let streams = try StandardStreams(line, loop: session.loop, output: output)
            streams.endRequested = ended
            return streams
        case .file(let path):
            let file = try MachineFiles.create(path, role: "serial output")
            return SerialFile(line, loop: session.loop, file: file)
        case .pty:
            let terminal = try PseudoTerminal()
            Report.note("serial port: \(terminal.path)")
            return try SerialPseudoTerminal(line, loop: session.loop, terminal: terminal)
        case .unix(let path):
            return try SerialSocket(line, loop: session.loop, path: path)
        case .none:
            return nil
        }
    }
}
