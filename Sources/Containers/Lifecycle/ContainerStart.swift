import CLinux
import Glibc
import Host

/// Starts containers that were created.
enum ContainerStart {
    /// Returns when the program runs.
    ///
    /// - Returns: warnings.
    /// - Throws: `.conflict` when the container does not wait; `.system` with the reason when its program cannot run.
    static func run(id: String, layout: RuntimeLayout) throws(ContainerError) -> [String] {
        let folder = try StateFolder.open(id: id, layout: layout)
        let state = try folder.read()
        let status = state.status(layout: layout)
        guard status == .created || (status == .paused && folder.isWaiting) else {
            throw ContainerError(
                .conflict,
                status == .stopped
                    ? "cannot start a container that has stopped"
                    : "cannot start an already running container"
            )
        }
        guard let connection = folder.connect() else {
            throw ContainerError(.conflict, "cannot start a container that has stopped")
        }
        defer { close(connection) }
        // From here on the container counts as started, whatever becomes of this process.
        folder.forgetSocket()
        try follow(connection, state, layout)
        guard state.hasStartHooks else { return [] }
        let hooks = try Bundle(of: state, layout: layout).spec.hooks
        return HookRun.runAll(
            hooks?.poststart, named: "poststart", state: state.description(status: .running))
    }

    /// Until the program runs, which closes the connection.
    private static func follow(_ connection: Int32, _ state: ContainerState, _ layout: RuntimeLayout)
        throws(ContainerError)
    {
        while true {
            let (report, isClosed) = Launch.next(on: connection)
            if isClosed { return }
            switch UInt8(truncatingIfNeeded: report.letter) {
            case UInt8(ascii: "N"):
                let pidfd = viv_pidfd_open(state.processID)
                defer { close(pidfd) }
                try SeccompListener.pass(
                    report.first, of: pidfd, state: state,
                    seccomp: try Bundle(of: state, layout: layout).spec.linux?.seccomp)
                var taken = UInt8(ascii: "l")
                send(connection, &taken, 1, Int32(MSG_NOSIGNAL))
            case UInt8(ascii: "E"):
                if let failure = StepList.hookFailure(report.second) {
                    throw ContainerError(.system, "error running startContainer hook: \(failure)")
                }
                let name = try Bundle(of: state, layout: layout).process.args?.first ?? ""
                throw StepList.failure(program: name, code: report.second)
            default: break
            }
        }
    }
}

/// Sends signals to containers.
enum ContainerSignal {
    /// - Throws: `.conflict` when the container has ended.
    static func send(
        _ signal: Int32, to state: ContainerState, layout: RuntimeLayout, reachesAll: Bool
    ) throws(ContainerError) {
        let cgroup = ContainerCgroup(folders: state.cgroupPaths)
        if reachesAll { return cgroup.kill(signal) }
        guard let pidfd = state.openProcess() else {
            throw ContainerError(.conflict, "container not running")
        }
        defer { close(pidfd) }
        guard viv_pidfd_signal(pidfd, signal) == 0 || errno == ESRCH else {
            throw ContainerError(.system, SystemError("signal container \(state.id)").description)
        }
        guard signal == SIGKILL else { return }
        if !sharesNothing(state) { cgroup.kill(SIGKILL) }
        // A frozen group of v1 dies only when it thaws.
        if cgroup.folders["freezer"] != nil, cgroup.isFrozen { try? cgroup.freeze(false) }
    }

    /// Whether the container has a process namespace, whose end takes all processes along.
    private static func sharesNothing(_ state: ContainerState) -> Bool {
        var own = stat()
        var other = stat()
        guard stat("/proc/self/ns/pid", &own) == 0, stat("/proc/\(state.processID)/ns/pid", &other) == 0
        else { return true }
        return own.st_ino != other.st_ino
    }
}

/// Signals by name: `SIGTERM`, `TERM`, `15`, `RTMIN+1`.
enum SignalName {
    private static let names: [String: Int32] = [
        "HUP": 1, "INT": 2, "QUIT": 3, "ILL": 4, "TRAP": 5, "ABRT": 6, "IOT": 6, "BUS": 7, "FPE": 8,
        "KILL": 9, "USR1": 10,
        "SEGV": 11, "USR2": 12, "PIPE": 13, "ALRM": 14, "TERM": 15, "STKFLT": 16, "CHLD": 17, "CLD": 17,
        "CONT": 18,
        "STOP": 19, "TSTP": 20, "TTIN": 21, "TTOU": 22, "URG": 23, "XCPU": 24, "XFSZ": 25, "VTALRM": 26,
        "PROF": 27,
        "WINCH": 28, "IO": 29, "POLL": 29, "PWR": 30, "SYS": 31, "RTMIN": 34, "RTMAX": 64,
    ]

    static func number(of name: String) -> Int32? {
        if let number = Int32(name) { return 0...64 ~= number ? number : nil }
        let upper = name.uppercased()
        let short = upper.hasPrefix("SIG") ? String(upper.dropFirst(3)) : upper
        if let number = names[short] { return number }
        if short.hasPrefix("RTMIN+"), let offset = Int32(short.dropFirst(6)), 0...30 ~= offset {
            return 34 + offset
        }
        if short.hasPrefix("RTMAX-"), let offset = Int32(short.dropFirst(6)), 0...30 ~= offset {
            return 64 - offset
        }
        return nil
    }
}
