import ArgumentParser

/// `viv`: the command and its subcommands.
struct Viv: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "viv",
        abstract: "Runs computers inside your computer.",
        discussion: """
            Examples:
              viv boot busybox                     a small Linux with a shell, in this terminal
              viv boot debian                      Debian with systemd
              viv boot --kernel Image --initrd initrd.img --append console=ttyS0
              viv ps                               what is running
              viv stop ID                          ask a guest to power down

            The process is the machine: viv boot exits 0 when the guest powers off. Exit codes:
            \(ExitCodeList.text)

            Shell completion: viv --generate-completion-script bash|zsh|fish
            """,
        version: "0.1.0",
        subcommands: [
            BootCommand.self, GuestsCommand.self, ProcessesCommand.self, StopCommand.self, KillCommand.self,
            PauseCommand.self, ResumeCommand.self, ResetCommand.self, DoctorCommand.self, DemoCommand.self,
        ])
}
