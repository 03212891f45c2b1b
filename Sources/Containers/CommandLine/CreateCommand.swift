import CLinux
import Glibc
import Host

/// `create` and `run`.
enum CreateCommand {
    private static let grammar = Arguments.Grammar(
        valued: ["bundle,b", "config,f", "console-socket", "pid-file", "preserve-fds"],
        flags: ["no-pivot", "no-new-keyring", "detach,d", "no-subreaper", "keep"])

    static func run(_ globals: RuntimeCommand.Globals, isRun: Bool) throws(ContainerError) -> Int32 {
        let options = try Arguments(globals.words, grammar)
        var request = CreationRequest(id: try options.id(), bundle: options.value("bundle") ?? "")
        if let file = options.value("config") { request.file = file }
        request.processIDFile = options.value("pid-file")
        request.preservedCount = try options.number("preserve-fds") ?? 0
        request.listenCount = ListenSockets.count
        request.keepsRoot = options.has("no-pivot")
        request.sharesKeyring = options.has("no-new-keyring")
        request.startsAtOnce = isRun
        if isRun, !options.has("detach") { return try Foreground.run(request, options, globals) }
        if let path = options.value("console-socket") { request.console = try ConsoleSocket.connect(path) }
        try make(request, globals)
        return 0
    }

    private static func make(_ request: CreationRequest, _ globals: RuntimeCommand.Globals)
        throws(ContainerError)
    {
        var creation = try ContainerCreation(request, layout: globals.layout)
        _ = try creation.run()
        globals.log.warn(creation.warnings)
        guard request.startsAtOnce else { return }
        globals.log.warn(
            HookRun.runAll(
                creation.bundle.spec.hooks?.poststart, named: "poststart",
                state: creation.state.description(status: .running)))
    }
}

/// Sockets that a service manager passed on (sd_listen_fds(3)).
enum ListenSockets {
    static var count: Int32 {
        guard let text = getenv("LISTEN_FDS"), let count = Int32(String(cString: text)), 0...1024 ~= count
        else { return 0 }
        return count
    }
}

/// The socket of `--console-socket`.
enum ConsoleSocket {
    static func connect(_ path: String) throws(ContainerError) -> Int32 {
        let socket = viv_unix_socket()
        guard socket >= 0, viv_connect_unix(socket, path) == 0 else {
            throw ContainerError(.system, SystemError("reach the console socket \(path)").description)
        }
        return socket
    }
}
