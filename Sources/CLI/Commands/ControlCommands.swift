import ArgumentParser
import Model

/// A command that asks one thing of one or more running machines.
protocol MachineCommand: ParsableCommand {
    var targets: MachineTargets { get }
    static var command: ControlCommand { get }
}

/// The machines that a command means.
struct MachineTargets: ParsableArguments {
    @Argument(help: "Ids, beginnings of ids or names of running machines (see 'viv ps').")
    var machines: [String]
}

extension MachineCommand {
    func run() throws {
        let directory = try RuntimeDirectory.standard()
        for machine in targets.machines {
            let id = try MachineLookup(directory).find(machine)
            let reply = try ControlClient(id, in: directory).ask(Self.command)
            if let refusal = reply.refusal { throw Failure.refused("\(id): \(refusal)") }
        }
    }

    static func describe(_ abstract: String, _ example: String) -> CommandConfiguration {
        CommandConfiguration(
            commandName: command.rawValue, abstract: abstract,
            discussion: "Example:\n  viv \(command.rawValue) \(example)")
    }
}

/// `viv stop`: asks the guest to power down.
struct StopCommand: MachineCommand {
    static let command = ControlCommand.stop
    static let configuration: CommandConfiguration = describe("Ask a guest to power down.", "4f02ac")
    @OptionGroup var targets: MachineTargets
}

/// `viv kill`: ends a machine at once.
struct KillCommand: MachineCommand {
    static let command = ControlCommand.kill
    static let configuration: CommandConfiguration = describe("End a machine at once.", "busybox")
    @OptionGroup var targets: MachineTargets
}

/// `viv pause`: stops a machine's CPUs and its time.
struct PauseCommand: MachineCommand {
    static let command = ControlCommand.pause
    static let configuration: CommandConfiguration = describe(
        "Stop a machine's CPUs and its time.", "busybox")
    @OptionGroup var targets: MachineTargets
}

/// `viv resume`: lets a paused machine go on.
struct ResumeCommand: MachineCommand {
    static let command = ControlCommand.resume
    static let configuration: CommandConfiguration = describe("Let a paused machine go on.", "busybox")
    @OptionGroup var targets: MachineTargets
}

/// `viv reset`: starts the guest again, as the reset button of a computer does.
struct ResetCommand: MachineCommand {
    static let command = ControlCommand.reset
    static let configuration: CommandConfiguration = describe(
        "Start a guest again, as a reset button does.", "busybox")
    @OptionGroup var targets: MachineTargets
}
