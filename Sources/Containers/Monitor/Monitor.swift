import CLinux
import Glibc
import Host

/// Watches one process until its end: its output goes to the log and to clients, their input to it. One thread, and
/// little memory: there is one monitor for every container.
final class Monitor {
    private struct Client {
        var socket: Int32
        var streams: MonitorStreams = []
    }

    private let id: String
    private let layout: RuntimeLayout
    private let process: pid_t
    private let pidfd: Int32
    private let isExec: Bool
    private let listener: Int32
    private let streams: MonitoredStreams
    private var log: ContainerLog?
    private var clients: [Client] = []
    /// The result of a start under way, and who asked for it.
    private var starting: (result: Int32, client: Int32)?

    /// Whether output waits in the pipes for the first client: a program that joined has no log to keep it.
    private var isHeld: Bool

    /// Seconds that a joined program's output and end wait for the first client.
    private static let longestHold = 10.0

    /// Milliseconds that a client may keep everybody waiting.
    private static let patience: Int32 = 2000

    init(
        id: String, layout: RuntimeLayout, process: pid_t, isExec: Bool, listener: Int32,
        streams: MonitoredStreams,
        log: ContainerLog?
    ) {
        self.id = id
        self.layout = layout
        self.process = process
        self.isExec = isExec
        isHeld = isExec
        self.listener = listener
        self.streams = streams
        self.log = log
        pidfd = viv_pidfd_open(process)
    }

    /// Returns when the process has ended and its output was drained.
    func run() -> ExitRecord {
        var status: Int32 = 0
        while !hasEnded(&status) { turn(timeout: -1) }
        awaitFirstClient()
        var record = ExitRecord(exitCode: Program.exitCode(status), finished: Self.now)
        if viv_exited(status) == 0 { record.signal = viv_exit_signal(status) }
        // Whichever of its processes it was: the first one may only tell of it by its exit code.
        record.oomKilled = !isExec && wasKilledForMemory
        drain()
        log?.finish()
        return record
    }

    /// Tells everybody, also those who connected in the last moment.
    func finish(_ record: ExitRecord) {
        acceptClients()
        if let starting { finishStart(starting) }
        for client in clients { _ = send(.exited(record), to: client.socket) }
        for client in clients { close(client.socket) }
    }

    private static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private var wasKilledForMemory: Bool {
        guard let state = try? ContainerState.read(id: id, layout: layout) else { return false }
        return CgroupStatistics.read(folders: state.cgroupPaths).memory.outOfMemoryKills > 0
    }

    /// Collects every child: orphans of the container come here, too.
    private func hasEnded(_ status: inout Int32) -> Bool {
        var other: Int32 = 0
        while true {
            let child = viv_wait(-1, &other, Int32(WNOHANG))
            if child <= 0 { return false }
            if child == process {
                status = other
                return true
            }
        }
    }

    /// A program that ends at once must not be gone before whoever started it could connect.
    private func awaitFirstClient() {
        let deadline = Self.now + Self.longestHold
        while isHeld, Self.now < deadline { turn(timeout: 100, process: -1) }
    }

    // MARK: One turn

    private func turn(timeout: Int32, process handle: Int32? = nil) {
        var slots = [
            slot(handle ?? pidfd), slot(listener), slot(isHeld ? -1 : streams.output),
            slot(isHeld ? -1 : streams.errors),
            slot(starting?.result ?? -1),
            pollfd(fd: streams.waiting, events: Int16(POLLOUT), revents: 0),
        ]
        let fixed = slots.count
        slots += clients.map { slot(streams.takesInput ? $0.socket : -1) }
        guard poll(&slots, nfds_t(slots.count), timeout) > 0 else { return }
        if slots[2].revents != 0 { readOutput() }
        if slots[3].revents != 0 { readErrors() }
        if slots[5].revents != 0 { streams.flush() }
        let ready = zip(clients.map(\.socket), slots[fixed...]).filter { $0.1.revents != 0 }.map(\.0)
        for socket in ready { receive(from: socket) }
        if slots[4].revents != 0, let starting { finishStart(starting) }
        if slots[1].revents != 0 { acceptClients() }
    }

    private func slot(_ descriptor: Int32) -> pollfd {
        pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    }

    private func readOutput() {
        guard let bytes = read(streams.output) else { return streams.closeOutput() }
        deliver(bytes, .output)
    }

    private func readErrors() {
        guard let bytes = read(streams.errors) else { return streams.closeErrors() }
        deliver(bytes, .errors)
    }

    /// `nil` at the end; a terminal ends with EIO.
    private func read(_ descriptor: Int32) -> [UInt8]? {
        do {
            guard let bytes = try Descriptors.read(descriptor, limit: MonitorEvent.largestOutput) else {
                return []
            }
            return bytes.isEmpty ? nil : bytes
        } catch {
            return nil
        }
    }

    private func deliver(_ bytes: [UInt8], _ stream: MonitorStreams) {
        guard !bytes.isEmpty else { return }
        log?.append(bytes, isError: stream == .errors)
        let event: MonitorEvent = stream == .errors ? .errors(bytes) : .output(bytes)
        for client in clients where client.streams.contains(stream) {
            if !send(event, to: client.socket) { drop(client.socket) }
        }
    }

    /// What is still in the pipes. A process that was left behind may keep them open: silence is an end, too.
    private func drain() {
        while streams.output >= 0 || streams.errors >= 0 {
            var slots = [slot(streams.output), slot(streams.errors)]
            guard poll(&slots, 2, 50) > 0 else { return }
            if slots[0].revents != 0 { readOutput() }
            if slots[1].revents != 0 { readErrors() }
        }
    }

    // MARK: Clients

    private func acceptClients() {
        var slots = [slot(listener)]
        while poll(&slots, 1, 0) > 0 {
            let socket = viv_accept(listener)
            guard socket >= 0 else { return }
            clients.append(Client(socket: socket))
        }
    }

    private func drop(_ socket: Int32) {
        clients.removeAll { $0.socket == socket }
        if starting?.client == socket { starting?.client = -1 }
        close(socket)
    }

    /// Whether the client took it; one that is slow is waited for, within bounds.
    private func send(_ event: MonitorEvent, to socket: Int32) -> Bool {
        let bytes = event.bytes
        while true {
            let count = bytes.withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            if count == bytes.count { return true }
            if errno == EINTR { continue }
            var slot = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
            guard errno == EAGAIN, poll(&slot, 1, Self.patience) > 0 else { return false }
        }
    }

    private func receive(from socket: Int32) {
        guard let position = clients.firstIndex(where: { $0.socket == socket }) else { return }
        guard let packet = read(socket) else { return drop(socket) }
        guard !packet.isEmpty, let request = MonitorRequest(packet) else { return }
        switch request {
        case .start:
            hearOthers(than: socket)
            start(for: socket)
        case .attach(let wanted):
            clients[position].streams = wanted
            isHeld = false
        case .input(let bytes): streams.write(bytes)
        case .closeInput: streams.closeInput()
        case .resize(let rows, let columns): streams.resize(rows: rows, columns: columns)
        case .kill(let signal): _ = viv_pidfd_signal(pidfd, Int32(signal))
        }
    }

    /// Whoever asked for output before the start was sent must get the first word, too: the requests of several
    /// sockets are read in no order.
    private func hearOthers(than socket: Int32) {
        acceptClients()
        for other in clients.map(\.socket) where other != socket {
            var slots = [slot(other)]
            if poll(&slots, 1, 0) > 0 { receive(from: other) }
        }
    }

    // MARK: The start

    /// Done in a process of its own: reading the bundle would leave its memory here.
    private func start(for socket: Int32) {
        guard !isExec, starting == nil else {
            _ = send(isExec ? .started : .startFailed("the container is being started already"), to: socket)
            return
        }
        do {
            let result = try Side.start { () throws(ContainerError) in
                try ContainerStart.run(id: id, layout: layout)
                return ""
            }
            starting = (result, socket)
        } catch {
            _ = send(.startFailed(error.description), to: socket)
        }
    }

    private func finishStart(_ start: (result: Int32, client: Int32)) {
        starting = nil
        defer { close(start.result) }
        do {
            _ = try Side.result(of: start.result)
            _ = send(.started, to: start.client)
        } catch  where error.kind == .notExecutable {
            _ = send(.notExecutable(error.description), to: start.client)
        } catch {
            _ = send(.startFailed(error.description), to: start.client)
        }
    }
}
