import CLinux
import Glibc
import Host

/// The program `viv-container`: runc's command line.
package enum RuntimeCommand {
    /// What stands before the command.
    struct Globals {
        var layout: RuntimeLayout
        var log = RuntimeLog()
        var words: [String]
    }

    private static let grammar = Arguments.Grammar(
        valued: ["root", "log", "log-format", "criu", "rootless", "cgroup-manager"],
        flags: ["debug", "systemd-cgroup", "version,v", "help,h"],
        stopsAtOperand: true)

    /// Does what the arguments say; the process's exit code.
    package static func main(_ arguments: [String]) -> Int32 {
        signal(SIGPIPE, SIG_IGN)
        do {
            let options = try Arguments(arguments.dropFirst(), grammar)
            if options.has("version") { return say(version) }
            guard let command = options.operands.first, !options.has("help") else { return say(Usage.text) }
            let globals = try globals(options)
            do {
                return try run(command, globals)
            } catch {
                globals.log.write(.error, error.description)
                complain(error.description)
                return command == "exec" ? 255 : 1
            }
        } catch {
            complain(error.description)
            return 1
        }
    }

    static let version = "viv-container version 1.1.0\nspec: \(RuntimeSpec.version)"

    private static func globals(_ options: Arguments) throws(ContainerError) -> Globals {
        guard !options.has("systemd-cgroup"), options.value("cgroup-manager") ?? "cgroupfs" == "cgroupfs"
        else {
            throw ContainerError(
                .refusedByHost,
                "groups made through systemd are not supported: use the cgroupfs manager of your engine")
        }
        let root = options.value("root") ?? defaultRoot
        let log = RuntimeLog(
            path: options.value("log"), isJSON: options.value("log-format") == "json",
            isVerbose: options.has("debug"))
        return Globals(
            layout: RuntimeLayout(root: root), log: log, words: Array(options.operands.dropFirst()))
    }

    private static var defaultRoot: String {
        guard !HostProcess.isRoot, let folder = getenv("XDG_RUNTIME_DIR") else { return "/run/viv-container" }
        return String(cString: folder) + "/viv-container"
    }

    /// Commands whose processes enter containers.
    private static let entering: Set = ["create", "run", "exec", "monitor"]

    private static func run(_ command: String, _ globals: Globals) throws(ContainerError) -> Int32 {
        if entering.contains(command) { SelfProtection.ensure() }
        globals.log.write(.debug, "\(command) \(globals.words.joined(separator: " "))")
        return switch command {
        case "create": try CreateCommand.run(globals, isRun: false)
        case "run": try CreateCommand.run(globals, isRun: true)
        case "start": try StartCommand.run(globals)
        case "state": try StateCommand.run(globals)
        case "kill": try KillCommand.run(globals)
        case "delete": try DeleteCommand.run(globals)
        case "exec": try ExecCommand.run(globals)
        case "list": try ListCommand.run(globals)
        case "ps": try ProcessesCommand.run(globals)
        case "pause": try PauseCommand.run(globals, pauses: true)
        case "resume": try PauseCommand.run(globals, pauses: false)
        case "events": try EventsCommand.run(globals)
        case "update": try UpdateCommand.run(globals)
        case "monitor": MonitorCommand.run(globals)
        case "init": try InitCommand.run(globals)
        case "rootless": try RootlessCommand.run(globals)
        case "features": FeaturesCommand.run()
        case "spec": try SpecCommand.run(globals)
        case "help": say(Usage.text)
        default: throw ContainerError(.invalid, "No help topic for '\(command)'")
        }
    }

    @discardableResult
    static func say(_ text: String) -> Int32 {
        try? Descriptors.writeAll(1, Array((text + "\n").utf8))
        return 0
    }

    static func complain(_ text: String) { try? Descriptors.writeAll(2, Array((text + "\n").utf8)) }
}

/// The file of `--log`: one entry a line, as text or JSON, which engines read for the reason of a failure.
struct RuntimeLog {
    enum Level: String { case debug, warning, error }

    var path: String?
    var isJSON = false
    var isVerbose = false

    func write(_ level: Level, _ message: String) {
        guard level != .debug || isVerbose else { return }
        guard let path, !path.isEmpty else {
            if level == .warning { RuntimeCommand.complain("warning: \(message)") }
            if level == .debug { RuntimeCommand.complain("level=debug msg=\(JSONValue.string(message))") }
            return
        }
        let time = JSONValue.string(Timestamp.now()).description
        let text = JSONValue.string(message).description
        let line =
            isJSON
            ? "{\"level\":\"\(level.rawValue)\",\"msg\":\(text),\"time\":\(time)}\n"
            : "time=\(time) level=\(level.rawValue) msg=\(text)\n"
        guard let file = try? FileDescriptor.open(path, O_WRONLY | O_CREAT | O_APPEND, mode: 0o644) else {
            return
        }
        try? Descriptors.writeAll(file.raw, Array(line.utf8))
    }

    func warn(_ messages: [String]) {
        for message in messages { write(.warning, message) }
    }
}
