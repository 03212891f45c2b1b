import CLinux
import Glibc
import Host

/// `exec`: the process comes from a file, or is the container's own with changes.
enum ExecCommand {
    private static let grammar = Arguments.Grammar(
        valued: [
            "console-socket", "cwd", "env,e", "user,u", "additional-gids,g", "process,p", "pid-file",
            "process-label",
            "apparmor", "cap,c", "preserve-fds", "cgroup",
        ], flags: ["tty,t", "detach,d", "no-new-privs", "no-subreaper", "ignore-paused"], stopsAtOperand: true
    )

    static func run(_ globals: RuntimeCommand.Globals) throws(ContainerError) -> Int32 {
        let options = try Arguments(globals.words, grammar)
        let state = try ContainerState.read(id: try options.id(), layout: globals.layout)
        let spec = try Bundle(of: state, layout: globals.layout).spec
        let process = try process(options, spec)
        var exec = ContainerExec(state: state, spec: spec, process: process)
        exec.preservedCount = try options.number("preserve-fds") ?? 0
        exec.ignoresPause = options.has("ignore-paused")
        exec.subgroups = options.all("cgroup")
        let hasTerminal = process.terminal ?? false
        if let path = options.value("console-socket") {
            guard hasTerminal else {
                throw ContainerError(
                    .invalid, "cannot use console socket if runtime will not detach or allocate tty")
            }
            exec.console = try ConsoleSocket.connect(path)
        } else if hasTerminal, options.has("detach") {
            throw ContainerError(
                .invalid, "cannot allocate tty if runtime will detach without setting console socket")
        }
        if options.has("detach") || exec.console >= 0 {
            let process = try exec.run(layout: globals.layout)
            globals.log.warn(exec.warnings)
            if let path = options.value("pid-file") { try ProcessIDFile.write(process, to: path) }
            return options.has("detach") ? 0 : wait(process)
        }
        return try runForeground(&exec, options, globals)
    }

    private static func wait(_ process: pid_t) -> Int32 {
        var status: Int32 = 0
        while viv_wait(process, &status, 0) < 0 && errno == EINTR {}
        return Program.exitCode(status)
    }

    private static func runForeground(
        _ exec: inout ContainerExec, _ options: Arguments, _ globals: RuntimeCommand.Globals
    ) throws(ContainerError) -> Int32 {
        let terminal = exec.process.terminal ?? false ? try TerminalProxy() : nil
        exec.console = terminal?.far ?? -1
        let signals = SignalRelay()
        let process = try exec.run(layout: globals.layout)
        globals.log.warn(exec.warnings)
        if let path = options.value("pid-file") { try ProcessIDFile.write(process, to: path) }
        try terminal?.begin()
        let status = signals.wait(for: process, terminal: terminal)
        terminal?.end()
        return Program.exitCode(status)
    }

    private static func process(
        _ options: Arguments, _ spec: RuntimeSpec
    ) throws(ContainerError) -> RuntimeSpec.Process {
        if let path = options.value("process") { return try read(path) }
        guard options.operands.count > 1, var process = spec.process else {
            throw ContainerError(.invalid, "process args cannot be empty")
        }
        process.args = Array(options.operands.dropFirst())
        process.terminal = options.has("tty")
        process.cwd = options.value("cwd") ?? process.cwd
        process.env = (process.env ?? []) + options.all("env")
        process.apparmorProfile = options.value("apparmor") ?? process.apparmorProfile
        process.selinuxLabel = options.value("process-label") ?? process.selinuxLabel
        if options.has("no-new-privs") { process.noNewPrivileges = true }
        try take(options, into: &process)
        return process
    }

    static func read(_ path: String) throws(ContainerError) -> RuntimeSpec.Process {
        guard let bytes = CgroupFile.bytes(path, limit: JSONValue.longest) else {
            throw ContainerError(.notFound, SystemError("read \(path)").description)
        }
        do {
            return try JSONDecoding.decode(RuntimeSpec.Process.self, from: try JSONValue(parsing: bytes))
        } catch {
            throw ContainerError(.invalid, "\(path): \(error)")
        }
    }

    private static func take(_ options: Arguments, into process: inout RuntimeSpec.Process)
        throws(ContainerError)
    {
        var user = process.user ?? RuntimeSpec.User()
        if let text = options.value("user") {
            let parts = text.split(separator: ":", maxSplits: 1)
            guard let uid = parts.first.flatMap({ UInt32($0) }), parts.count < 2 || UInt32(parts[1]) != nil
            else {
                throw ContainerError(.invalid, "--user needs numbers, uid[:gid]: \(text)")
            }
            user.uid = uid
            if parts.count == 2 { user.gid = UInt32(parts[1]) ?? user.gid }
        }
        let groups = options.all("additional-gids").flatMap { $0.split(separator: ",") }
        for group in groups {
            guard let number = UInt32(group) else {
                throw ContainerError(.invalid, "--additional-gids needs numbers")
            }
            user.additionalGids = (user.additionalGids ?? []) + [number]
        }
        process.user = user
        let added = options.all("cap")
        guard !added.isEmpty else { return }
        var capabilities = process.capabilities ?? RuntimeSpec.Capabilities()
        capabilities.bounding = (capabilities.bounding ?? []) + added
        capabilities.effective = (capabilities.effective ?? []) + added
        capabilities.permitted = (capabilities.permitted ?? []) + added
        if capabilities.inheritable?.isEmpty == false {
            capabilities.ambient = (capabilities.ambient ?? []) + added
        }
        process.capabilities = capabilities
    }
}
