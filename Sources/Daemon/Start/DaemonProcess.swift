import Engine
import Glibc
import Host
import Logging

/// The life of one `vivd`, from its command line to its end.
package final class DaemonProcess: Sendable {
    private let options: DaemonOptions
    private let folders: DaemonFolders
    private let logger: Logger
    private let signals: SignalStream
    private let lock: Host.FileDescriptor

    /// What can be done before the program has threads: help, detaching, namespaces. Ends the process for help and
    /// errors, and where another process goes on as the daemon.
    package static func prepare(_ words: [String]) -> DaemonProcess {
        do throws(DaemonError) {
            let options = try DaemonOptions(parsing: words)
            if options.wantsHelp { finish(DaemonHelp.text) }
            if options.wantsVersion { finish("vivd \(Build.version)") }
            return try DaemonProcess(options, words)
        } catch {
            end(error)
        }
    }

    private init(_ options: DaemonOptions, _ words: [String]) throws(DaemonError) {
        let folders = DaemonFolders(options, user: geteuid(), environment: Environment.value)
        try folders.make()
        if options.isDetached { try Detachment.run(words, folders) }
        if geteuid() != 0 { throw Self.enterNamespace(words, folders) }
        self.options = options
        self.folders = folders
        lock = try folders.lock()
        var logger = Logger(label: "vivd") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = Logger.Level(rawValue: options.logLevel) ?? .info
        self.logger = logger
        if let reason = Namespaces.leaveMounts() { logger.warning("\(reason)") }
        ProcessLimits.adjust()
        Host.Signals.ignoreBrokenPipes()
        do throws(SystemError) {
            signals = try SignalStream([SIGTERM, SIGINT, SIGHUP])
        } catch {
            throw DaemonError(.system, error.description)
        }
    }

    /// Goes on as root of a user namespace; returns only when that fails.
    private static func enterNamespace(_ words: [String], _ folders: DaemonFolders) -> DaemonError {
        let path = Environment.value("PATH")
        guard let program = Namespaces.program("viv-container", beside: Environment.ownFolder, path: path)
        else {
            return DaemonError(.system, "viv-container is missing: it belongs beside vivd, or on the PATH")
        }
        // Inside, the user is root: the folders must stay this user's.
        let fixed = ["--data", folders.data, "--run", folders.run, "--in-namespace"]
        return Namespaces.enterUserNamespace(words + fixed, program: program)
    }

    /// Serves until a signal ends it.
    package func live() async -> Never {
        do {
            try await serve()
        } catch let error as DaemonError {
            Self.end(error)
        } catch {
            Self.end(DaemonError(.system, "\(error)"))
        }
        exit(0)
    }

    private func serve() async throws {
        var configuration = EngineConfiguration(
            data: folders.data, run: folders.run, isRootless: options.isInNamespace)
        configuration.publishAddress = options.publishAddress
        configuration.registries.insecureRegistries = options.insecureRegistries
        let engine = try await Engine(configuration: configuration)
        var routes = DaemonConfiguration(
            data: folders.data, run: folders.run, isRootless: options.isInNamespace)
        routes.insecureRegistries = options.insecureRegistries
        let server = try await DaemonServer(
            try addresses(), engine: engine, configuration: routes, logger: logger)
        if let pidFile = options.pidFile { try PIDFile.write(pidFile) }
        let serving = Task { await server.run() }
        logger.info("vivd \(Build.version) answers at unix://\(folders.run)/docker.sock")
        Readiness.announce(options.readyDescriptor)
        let releasing = Task { try await IdlePages.keepReleasing() }
        defer { releasing.cancel() }
        for await signal in signals.stream {
            guard signal == SIGHUP else { break }
            server.reload()
        }
        logger.info("stopping; containers go on running")
        serving.cancel()
        await serving.value
        await engine.shutDown()
        if let pidFile = options.pidFile { unlink(pidFile) }
    }

    /// The two sockets in the run folder, and what the options add.
    private func addresses() throws(DaemonError) -> [GuardedAddress] {
        let own = ["vivd.sock", "docker.sock"].map { GuardedAddress(.unix("\(folders.run)/\($0)"), .peer) }
        return own + (try options.addresses())
    }

    private static func finish(_ text: String) -> Never {
        print(text)
        exit(0)
    }

    private static func end(_ error: DaemonError) -> Never {
        try? Descriptors.writeAll(STDERR_FILENO, Array("vivd: \(error)\n".utf8))
        switch error.kind {
        case .invalid: exit(64)
        case .addressInUse: exit(69)
        case .system: exit(70)
        }
    }
}
