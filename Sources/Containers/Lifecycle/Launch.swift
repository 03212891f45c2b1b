import CLinux
import Glibc
import Host

/// A process that walks a list of steps, and the channel to it.
struct Launch {
    let list: StepList
    /// The first steps, done by a process in between.
    let stageCount: Int
    private(set) var process: pid_t = 0
    private(set) var pidfd: Int32 = -1
    private var channel: Int32 = -1

    /// What the new process says.
    enum Report: Equatable {
        case failed(ContainerError)
        case told(UInt8)
        /// The seccomp listener's number in the new process.
        case listener(descriptor: Int32)
        /// The channel was closed: the program runs, or the process died.
        case closed
    }

    /// Starts the process.
    ///
    /// - Parameters:
    ///   - namespaces: CLONE_NEW…
    ///   - cgroup: a folder of cgroup v2 to be born in, or -1.
    init(_ list: StepList, stageCount: Int, namespaces: UInt64, cgroup: Int32) throws(ContainerError) {
        self.list = list
        self.stageCount = stageCount
        var ends: (Int32, Int32) = (-1, -1)
        let made = withUnsafeMutableBytes(of: &ends) {
            viv_socket_pair(
                Int32(SOCK_SEQPACKET.rawValue), $0.assumingMemoryBound(to: Int32.self).baseAddress)
        }
        guard made == 0 else {
            throw ContainerError(.system, SystemError("make a pair of sockets").description)
        }
        channel = ends.0
        let error = list.steps.withUnsafeBufferPointer { steps -> Int32 in
            var launch = viv_launch(
                steps: steps.baseAddress, count: Int32(steps.count), stage_count: Int32(stageCount),
                namespaces: namespaces, cgroup: cgroup, channel: ends.1, other_end: ends.0, pidfd: -1)
            process = viv_launch(&launch)
            pidfd = launch.pidfd
            return errno
        }
        close(ends.1)
        guard process > 0 else {
            close(channel)
            throw ContainerError(
                error == EPERM ? .refusedByHost : .system,
                SystemError("make the container's process", code: error).description)
        }
    }

    /// With stages: the process in between tells the real one's number, and goes. To be called before any report is read.
    mutating func adopt() throws(ContainerError) {
        guard stageCount > 0 else { return }
        let stage = process
        let report = receive()
        var status: Int32 = 0
        viv_wait(stage, &status, 0)
        guard report.letter == Int32(UInt8(ascii: "P")) else {
            close(channel)
            throw list.failure(step: report.first, code: report.second)
        }
        process = report.first
        pidfd = viv_pidfd_open(process)
    }

    private func receive() -> viv_report {
        let (report, count) = Self.receive(from: channel)
        return count == MemoryLayout<viv_report>.size ? report : viv_report()
    }

    /// A process that ends without having read all that it was sent resets the connection: that is told once, before what
    /// it said last.
    private static func receive(from socket: Int32) -> (report: viv_report, count: Int) {
        var report = viv_report()
        var count = 0
        repeat {
            count = viv_read_packet(socket, &report, MemoryLayout<viv_report>.size)
        } while count < 0 && (errno == EINTR || errno == ECONNRESET)
        return (report, count)
    }

    func send(_ letter: Unicode.Scalar) {
        var byte = UInt8(truncatingIfNeeded: letter.value)
        Glibc.send(channel, &byte, 1, Int32(MSG_NOSIGNAL))
    }

    func next() -> Report { Self.interpret(receive(), list) }

    /// The report in a packet of a container that was created earlier; its steps' names are not known any more.
    static func next(on socket: Int32) -> (report: viv_report, isClosed: Bool) {
        let (report, count) = receive(from: socket)
        return (report, count <= 0)
    }

    private static func interpret(_ report: viv_report, _ list: StepList) -> Report {
        switch UInt8(truncatingIfNeeded: report.letter) {
        case 0: .closed
        case UInt8(ascii: "E"): .failed(list.failure(step: report.first, code: report.second))
        case UInt8(ascii: "N"): .listener(descriptor: report.first)
        case let letter: .told(letter)
        }
    }

    /// Ends the process, and waits for its end.
    func abandon() {
        kill(process, SIGKILL)
        var status: Int32 = 0
        viv_wait(process, &status, 0)
        closeChannel()
    }

    func closeChannel() {
        close(channel)
        if pidfd >= 0 { close(pidfd) }
    }
}
