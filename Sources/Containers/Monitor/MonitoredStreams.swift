import CLinux
import Glibc
import Host

/// The monitor's ends of a process's standard files: three pipes, or one terminal.
final class MonitoredStreams {
    let hasTerminal: Bool
    /// What the process writes; -1 when it is closed. With a terminal, `output` is its master.
    private(set) var output: Int32 = -1
    private(set) var errors: Int32 = -1
    private var input: Int32 = -1
    private var childEnds: [Int32] = []
    private var console: Int32 = -1
    private(set) var consoleForChild: Int32 = -1
    /// Input that the process has not taken.
    private var pending: [UInt8] = []
    private var closesInput = false

    /// Input held for a process that does not read; more is not taken from clients meanwhile.
    private static let mostPending = 256 << 10

    init(hasTerminal: Bool, keepsInput: Bool) throws(ContainerError) {
        self.hasTerminal = hasTerminal
        var ends: [Int32] = [-1, -1]
        if hasTerminal {
            guard viv_socket_pair(Int32(SOCK_STREAM.rawValue), &ends) == 0 else { throw Self.failure }
            (console, consoleForChild) = (ends[0], ends[1])
            return
        }
        var pipes: [[Int32]] = []
        for _ in 0..<3 {
            guard viv_pipe(&ends) == 0 else { throw Self.failure }
            pipes.append(ends)
        }
        if keepsInput { input = pipes[0][1] } else { close(pipes[0][1]) }
        (output, errors) = (pipes[1][0], pipes[2][0])
        childEnds = [pipes[0][0], pipes[1][1], pipes[2][1]]
        for descriptor in [input, output, errors] where descriptor >= 0 {
            try? Descriptors.setNonBlocking(descriptor)
        }
    }

    private static var failure: ContainerError {
        ContainerError(.system, SystemError("make pipes").description)
    }

    /// In the process that makes the container: its standard files are the container's.
    func enterChild() {
        for (standard, descriptor) in childEnds.enumerated() { dup2(descriptor, Int32(standard)) }
        for descriptor in childEnds + [console, output, errors, input] where descriptor > 2 {
            close(descriptor)
        }
    }

    /// In the monitor, once the container is there.
    func leaveChild() throws(ContainerError) {
        for descriptor in childEnds { close(descriptor) }
        guard hasTerminal else { return }
        close(consoleForChild)
        output = viv_receive_descriptor(console)
        close(console)
        guard output >= 0 else { throw ContainerError(.system, "the container sent no terminal") }
        input = output
        try? Descriptors.setNonBlocking(output)
    }

    var takesInput: Bool { pending.count < Self.mostPending }
    /// What is to be watched for writing, or -1.
    var waiting: Int32 { pending.isEmpty ? -1 : input }

    func write(_ bytes: [UInt8]) {
        guard input >= 0, !closesInput else { return }
        pending += bytes
        flush()
    }

    func closeInput() {
        guard !hasTerminal else { return }
        closesInput = true
        flush()
    }

    func flush() {
        while !pending.isEmpty {
            guard let count = try? Descriptors.write(input, pending) else {
                pending = []
                break
            }
            if count == 0 { return }
            pending.removeFirst(count)
        }
        guard closesInput, input >= 0 else { return }
        close(input)
        input = -1
    }

    func resize(rows: UInt16, columns: UInt16) {
        guard hasTerminal else { return }
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = viv_set_window_size(output, &size)
    }

    func closeOutput() {
        close(output)
        output = -1
    }

    func closeErrors() {
        close(errors)
        errors = -1
    }
}
