import CLinux
import Glibc
import Host

/// `run` without `--detach`: waits for the container, passes signals and the terminal on, and removes it at its end.
enum Foreground {
    static func run(
        _ request: CreationRequest, _ options: Arguments, _ globals: RuntimeCommand.Globals
    ) throws(ContainerError) -> Int32 {
        var request = request
        let bundle = try Bundle(path: request.bundle, file: request.file)
        let terminal = bundle.process.terminal ?? false ? try TerminalProxy() : nil
        request.console = terminal?.far ?? -1
        let signals = SignalRelay()
        var creation = try ContainerCreation(request, bundle: bundle, layout: globals.layout)
        let process = try creation.run()
        globals.log.warn(creation.warnings)
        let hooks = bundle.spec.hooks
        let state = creation.state
        let layout = globals.layout
        _ = consume creation
        globals.log.warn(
            HookRun.runAll(
                hooks?.poststart, named: "poststart", state: state.description(status: .running)))
        try terminal?.begin()
        let status = signals.wait(for: process, terminal: terminal)
        terminal?.end()
        if !options.has("keep") {
            globals.log.warn(
                try ContainerRemoval.run(id: state.id, layout: layout, isForced: true, bundle: bundle))
        }
        return Program.exitCode(status)
    }
}

/// Signals that this process gets are the container's.
struct SignalRelay {
    private let descriptor: Int32

    /// Not passed on: what stops or traces this process itself, and news about children.
    private static let kept: Set<Int32> = [SIGCHLD, SIGURG, SIGPIPE, SIGTTIN, SIGTTOU, SIGWINCH]

    init() {
        var all = sigset_t()
        sigfillset(&all)
        sigprocmask(SIG_BLOCK, &all, nil)
        descriptor = viv_signalfd(&all)
    }

    /// Waits for the end of a child; its wait status.
    func wait(for process: pid_t, terminal: TerminalProxy?) -> Int32 {
        var status: Int32 = 0
        while true {
            if viv_wait(process, &status, Int32(WNOHANG)) == process { return status }
            var slots = [pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)]
            if let terminal { slots += terminal.slots }
            if poll(&slots, nfds_t(slots.count), -1) < 0 { continue }
            while case let signal = viv_signalfd_next(descriptor), signal != 0 {
                if signal == SIGWINCH { terminal?.resize() }
                if !Self.kept.contains(signal) { kill(process, signal) }
            }
            terminal?.pump(slots.dropFirst())
        }
    }
}
