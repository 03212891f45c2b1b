import CLinux
import Glibc
import Host

/// `monitor`: keeps the output, terminal and exit code of one container, or of one program that joined it.
enum MonitorCommand {
    private static let grammar = Arguments.Grammar(
        valued: ["bundle", "exec", "socket", "exit-file", "log", "log-max-size", "log-max-file", "pid-file"],
        flags: ["tty", "stdin", "no-pivot", "no-new-keyring"])

    /// Where the one line about success or failure goes.
    private static let announcement: Int32 = 3

    static func run(_ globals: RuntimeCommand.Globals) -> Int32 {
        do {
            try start(globals)
            return 0
        } catch {
            let kind = error.kind == .conflict ? "invalid" : "\(error.kind)"
            announce(JSONValue([("error", .string(error.description)), ("kind", .string(kind))]))
            return 1
        }
    }

    private static func announce(_ value: JSONValue) {
        try? Descriptors.writeAll(announcement, Array((value.description + "\n").utf8))
        close(announcement)
    }

    private static func start(_ globals: RuntimeCommand.Globals) throws(ContainerError) {
        let options = try Arguments(globals.words, grammar)
        let id = try options.id()
        guard let socket = options.value("socket"), let exitFile = options.value("exit-file") else {
            throw ContainerError(.invalid, "monitor needs --socket and --exit-file")
        }
        detach()
        let log = try options.value("log").map { path throws(ContainerError) in
            ContainerLog(
                path: path, largest: try options.number("log-max-size") ?? 0,
                files: try options.number("log-max-file") ?? 1)
        }
        let listener = try listen(socket)
        do {
            let stdio = try MonitoredStreams(
                hasTerminal: options.has("tty"), keepsInput: options.has("stdin"))
            // Standard error is the container's here: what is to be said goes to whoever started this.
            let (process, warnings) = try make(id, options, globals, stdio)
            announce(
                JSONValue([
                    ("pid", JSONValue(process)), ("monitor", JSONValue(getpid())),
                    ("warnings", JSONValue(warnings)),
                ]))
            let monitor = Monitor(
                id: id, layout: globals.layout, process: process, isExec: options.value("exec") != nil,
                listener: listener,
                streams: stdio, log: log)
            let record = monitor.run()
            try write(record, to: exitFile)
            monitor.finish(record)
            unlink(socket)
        } catch {
            unlink(socket)
            throw error
        }
    }

    /// A process of its own, that orphans of the container come to.
    private static func detach() {
        setsid()
        _ = viv_set_subreaper()
        _ = viv_name_thread("viv-monitor")
        chdir("/")
        _ = viv_close_range(4, UInt32(Int32.max))
        let null = viv_open("/dev/null", O_RDWR, 0)
        for standard: Int32 in 0...2 { dup2(null, standard) }
        if null > 3 { close(null) }
    }

    private static func listen(_ path: String) throws(ContainerError) -> Int32 {
        unlink(path)
        let before = umask(0o177)
        defer { umask(before) }
        let socket = viv_packet_socket()
        guard socket >= 0, viv_bind_unix(socket, path) == 0, Glibc.listen(socket, 16) == 0 else {
            throw ContainerError(.system, SystemError("listen at \(path)").description)
        }
        return socket
    }

    /// The making runs in a process of its own, so that its memory does not stay; what it makes becomes this process's
    /// child when it ends.
    private static func make(
        _ id: String, _ options: Arguments, _ globals: RuntimeCommand.Globals, _ streams: MonitoredStreams
    ) throws(ContainerError) -> (process: pid_t, warnings: [String]) {
        var request = CreationRequest(id: id, bundle: options.value("bundle") ?? "")
        request.console = streams.consoleForChild
        request.keepsRoot = options.has("no-pivot")
        request.sharesKeyring = options.has("no-new-keyring")
        request.processIDFile = options.value("pid-file")
        let exec = options.value("exec")
        let outcome = try Side.run { () throws(ContainerError) -> String in
            streams.enterChild()
            guard let exec else {
                var creation = try ContainerCreation(request, layout: globals.layout)
                let process = try creation.run()
                return ([String(process)] + creation.warnings).joined(separator: "\n")
            }
            return String(try join(id, exec, request.console, globals))
        }
        let lines = outcome.split(separator: "\n").map(String.init)
        guard let process = lines.first.flatMap({ pid_t($0) }) else {
            throw ContainerError(.system, "the container's process is unknown")
        }
        try streams.leaveChild()
        return (process, Array(lines.dropFirst()))
    }

    private static func join(
        _ id: String, _ path: String, _ console: Int32, _ globals: RuntimeCommand.Globals
    ) throws(ContainerError) -> pid_t {
        let state = try ContainerState.read(id: id, layout: globals.layout)
        let spec = try Bundle(of: state, layout: globals.layout).spec
        var exec = ContainerExec(state: state, spec: spec, process: try ExecCommand.read(path))
        exec.console = console
        return try exec.run(layout: globals.layout)
    }

    private static func write(_ record: ExitRecord, to path: String) throws(ContainerError) {
        do {
            let file = try FileDescriptor.open(path + ".new", O_WRONLY | O_CREAT | O_TRUNC)
            try Descriptors.writeAll(file.raw, Array((record.json + "\n").utf8))
            fsync(file.raw)
            try checked("write \(path)") { rename(path + ".new", path) }
        } catch {
            throw ContainerError(.system, "\(error)")
        }
    }
}

/// Work done in a forked process, whose result comes back as text.
enum Side {
    /// Starts the work; its result is read from the descriptor: `+` and the text, or the letter of a kind and a message.
    static func start(_ work: () throws(ContainerError) -> String) throws(ContainerError) -> Int32 {
        var ends: [Int32] = [-1, -1]
        guard viv_pipe(&ends) == 0 else {
            throw ContainerError(.system, SystemError("make a pipe").description)
        }
        let process = viv_fork()
        guard process >= 0 else { throw ContainerError(.system, SystemError("make a process").description) }
        guard process == 0 else {
            close(ends[1])
            return ends[0]
        }
        var text = ""
        do { text = "+" + (try work()) } catch { text = letter(of: error.kind) + error.description }
        try? Descriptors.writeAll(ends[1], Array(text.utf8))
        _exit(0)
    }

    static func run(_ work: () throws(ContainerError) -> String) throws(ContainerError) -> String {
        let descriptor = try start(work)
        defer { close(descriptor) }
        return try result(of: descriptor)
    }

    /// Waits for the result.
    static func result(of descriptor: Int32) throws(ContainerError) -> String {
        var bytes: [UInt8] = []
        while let piece = try? Descriptors.read(descriptor, limit: 4096), !piece.isEmpty { bytes += piece }
        let text = String(decoding: bytes.dropFirst(), as: UTF8.self)
        switch bytes.first {
        case UInt8(ascii: "+"): return text
        case UInt8(ascii: "n"): throw ContainerError(.notFound, text)
        case UInt8(ascii: "i"): throw ContainerError(.invalid, text)
        case UInt8(ascii: "c"): throw ContainerError(.conflict, text)
        case UInt8(ascii: "r"): throw ContainerError(.refusedByHost, text)
        case UInt8(ascii: "x"): throw ContainerError(.notExecutable, text)
        case nil: throw ContainerError(.system, "the runtime was killed while it worked")
        default: throw ContainerError(.system, text)
        }
    }

    private static func letter(of kind: ContainerError.Kind) -> String {
        switch kind {
        case .notFound: "n"
        case .invalid: "i"
        case .conflict: "c"
        case .refusedByHost: "r"
        case .notExecutable: "x"
        case .system: "s"
        }
    }
}
