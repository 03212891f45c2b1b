import ArgumentParser
import Model

/// What a container runs and as whom.
struct ProcessOptions: ParsableArguments {
    @Flag(name: [.customShort("i"), .long], help: "Keep standard input open.")
    var interactive = false

    @Flag(name: [.customShort("t"), .long], help: "Give the container a terminal.")
    var tty = false

    @Option(
        name: [.customShort("e", allowingJoined: true), .customLong("env")],
        help: ArgumentHelp("Set a variable; a bare name takes its value here.", valueName: "name[=value]"))
    var environment: [String] = []

    @Option(
        help: ArgumentHelp("Read variables from a file of NAME=VALUE lines.", valueName: "file"),
        completion: .file())
    var envFile: [String] = []

    @Option(
        name: [.customShort("w", allowingJoined: true), .long],
        help: ArgumentHelp("Working directory in the container.", valueName: "path"))
    var workdir: String?

    @Option(
        name: [.customShort("u", allowingJoined: true), .long],
        help: ArgumentHelp("Name or number of the user, and of the group.", valueName: "user[:group]"))
    var user: String?

    @Option(help: ArgumentHelp("One more group.", valueName: "group"))
    var groupAdd: [String] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Run this in place of the image's entry point.", valueName: "program"))
    var entrypoint: String?

    @Flag(name: .customLong("init"), help: "Run a small init that reaps orphans and forwards signals.")
    var usesInit = false

    @Option(help: ArgumentHelp("What 'viv stop' sends, such as SIGINT.", valueName: "signal"))
    var stopSignal: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Seconds that 'viv stop' waits; -1 without end.", valueName: "seconds"))
    var stopTimeout: Int?

    /// `terminal` is the size of the user's, when there is one.
    func apply(to spec: inout ContainerSpec, terminal: TerminalSize?) throws(Failure) {
        spec.keepsStdinOpen = interactive
        spec.hasTerminal = tty
        spec.terminalSize = tty ? terminal : nil
        for file in envFile {
            spec.environment += try KeyValue.lines(
                of: try TextFile.read(file), file: file, inherited: HostMachine.variable)
        }
        spec.environment += try KeyValue.environment(environment, inherited: HostMachine.variable)
        spec.workingDirectory = workdir
        spec.user = user
        spec.additionalGroups = groupAdd
        if let entrypoint { spec.entrypoint = entrypoint.isEmpty ? [] : [entrypoint] }
        spec.usesInit = usesInit
        spec.stopSignal = stopSignal
        spec.stopTimeout = stopTimeout
    }
}

/// How a container's health is found out.
struct HealthOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Command that tells whether the service works.", valueName: "command"))
    var healthCmd: String?

    @Option(help: ArgumentHelp("Time between two checks.", valueName: "time"))
    var healthInterval: String?

    @Option(help: ArgumentHelp("How long a check may take.", valueName: "time"))
    var healthTimeout: String?

    @Option(help: ArgumentHelp("Failures in a row that mean unhealthy.", valueName: "count"))
    var healthRetries: Int?

    @Option(help: ArgumentHelp("Time at the start in which failures do not count.", valueName: "time"))
    var healthStartPeriod: String?

    @Option(help: ArgumentHelp("Time between checks within the start period.", valueName: "time"))
    var healthStartInterval: String?

    @Flag(name: .customLong("no-healthcheck"), help: "Do not check, whatever the image says.")
    var isDisabled = false

    func apply(to spec: inout ContainerSpec) throws(Failure) {
        let settings: [Any?] = [
            healthCmd, healthInterval, healthTimeout, healthRetries, healthStartPeriod, healthStartInterval,
        ]
        let isAsked = settings.contains { $0 != nil }
        guard !(isDisabled && isAsked) else {
            throw .badCommandLine("--no-healthcheck and the --health options exclude each other")
        }
        if isDisabled { spec.healthCheck = HealthCheck(test: ["NONE"]) }
        guard isAsked else { return }
        var check = HealthCheck(test: healthCmd.map { ["CMD-SHELL", $0] } ?? [])
        check.interval = try time(healthInterval, "--health-interval")
        check.timeout = try time(healthTimeout, "--health-timeout")
        check.startPeriod = try time(healthStartPeriod, "--health-start-period")
        check.startInterval = try time(healthStartInterval, "--health-start-interval")
        check.retries = healthRetries ?? 0
        spec.healthCheck = check
    }

    private func time(_ text: String?, _ option: String) throws(Failure) -> Int64 {
        guard let text else { return 0 }
        return try Amount.nanoseconds(text, option: option)
    }
}
