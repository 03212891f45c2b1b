import ArgumentParser

/// `viv completion`: scripts for shells.
struct CompletionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion", abstract: "Print a completion script for bash, zsh or fish.",
        discussion: """
            Names of containers and images are completed when the daemon runs.

            Examples:
              viv completion bash >~/.local/share/bash-completion/completions/viv
              viv completion zsh >~/.zfunc/_viv        (with ~/.zfunc in $fpath)
              viv completion fish >~/.config/fish/completions/viv.fish
            """)

    enum Shell: String, ExpressibleByArgument, CaseIterable { case bash, zsh, fish }

    @Argument(help: "bash, zsh or fish.") var shell: Shell

    func run() throws {
        let kind: CompletionShell = [.bash: .bash, .zsh: .zsh, .fish: .fish][shell] ?? .bash
        Report.line(Viv.completionScript(for: kind))
    }
}
