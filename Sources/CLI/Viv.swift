import ArgumentParser

/// `viv`: the command and its subcommands.
struct Viv: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "viv",
        abstract: "Runs computers inside your computer.",
        discussion: """
            Examples:
              viv boot busybox                     a small Linux with a shell, in this terminal
              viv run -it --rm debian:12 bash      a container with a shell
              viv build -t app .                   an image from a Dockerfile
              viv ps                               what is running
              viv stop ID                          ask it to end

            viv boot and what belongs to it need no daemon. The commands of containers start vivd if it does not \
            run; --host unix://PATH or VIV_HOST, before the command, name another one.

            viv boot exits 0 when the guest powers off, viv run with the container's code. Exit codes:
            \(ExitCodeList.text)

            Shell completion: viv completion bash|zsh|fish
            """,
        version: "0.1.0",
        groupedSubcommands: [
            CommandGroup(
                name: "Machine",
                subcommands: [
                    BootCommand.self, GuestsCommand.self, ResetCommand.self, DebugCommand.self,
                    MachineCommandGroup.self,
                    ScreenshotCommand.self, TypeCommand.self, KeyCommand.self, WaitTextCommand.self,
                    DoctorCommand.self, DemoCommand.self,
                ]),
            CommandGroup(
                name: "Machine and container",
                subcommands: [
                    ProcessesCommand.self, StopCommand.self, KillCommand.self, PauseCommand.self,
                    ResumeCommand.self, InspectCommand.self,
                ]),
            CommandGroup(
                name: "Container",
                subcommands: [
                    RunCommand.self, CreateCommand.self, StartCommand.self, RestartCommand.self,
                    RemoveCommand.self, ExecCommand.self, AttachCommand.self, LogsCommand.self,
                    WaitCommand.self, TopCommand.self, StatsCommand.self, CopyCommand.self, DiffCommand.self,
                    CommitCommand.self, ExportCommand.self, PortCommand.self, RenameCommand.self,
                    UpdateCommand.self, PruneCommand.self,
                ]),
            CommandGroup(
                name: "Image",
                subcommands: [
                    BuildCommand.self, ImageListCommand.self, PullCommand.self, PushCommand.self,
                    LoadCommand.self, SaveCommand.self, ImportCommand.self, TagCommand.self,
                    ImageRemoveCommand.self, HistoryCommand.self, ImageCommand.self, LoginCommand.self,
                    LogoutCommand.self,
                ]),
            CommandGroup(
                name: "Network, volume and daemon",
                subcommands: [
                    NetworkCommand.self, VolumeCommand.self, SystemCommand.self, EventsCommand.self,
                    SystemInfoCommand.self, VersionCommand.self, CompletionCommand.self,
                ]),
        ])
}
