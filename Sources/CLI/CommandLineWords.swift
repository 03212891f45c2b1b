import ArgumentParser
import Glibc

/// The words of a command line before the parser sees them: what Docker's users write and ArgumentParser does not
/// know of is put into its form.
package struct CommandLineWords: Equatable {
    package private(set) var words: [String]
    /// The value of `--host`.
    package private(set) var host: String?

    package init(_ arguments: [String]) throws(Failure) {
        words = arguments
        try takeHost()
        takeContainerNoun()
        if ["run", "create", "exec"].contains(words.first) {
            words = Array(words.prefix(1)) + BooleanFlags.normalised(Array(words.dropFirst()))
        }
        try check()
    }

    /// `--host`, `-H` stand before the command.
    private mutating func takeHost() throws(Failure) {
        while let first = words.first {
            if ["-H", "--host"].contains(first) {
                guard words.count > 1 else { throw .badCommandLine("\(first) needs an address") }
                host = words[1]
                words.removeFirst(2)
            } else if first.hasPrefix("--host=") {
                host = CommaList.value(of: first)
                words.removeFirst()
            } else {
                break
            }
        }
        if let host { _ = try DaemonAddress(parsing: host) }
    }

    /// `viv container ls` is `viv ps`, `viv container X` is `viv X`.
    private mutating func takeContainerNoun() {
        guard words.first == "container", words.count > 1 else { return }
        words.removeFirst()
        if ["ls", "list"].contains(words[0]) { words[0] = "ps" }
    }

    /// An unknown command is told by its nearest.
    private func check() throws(Failure) {
        guard let first = words.first, !first.hasPrefix("-"), first != "help" else { return }
        let names = CommandList.names
        guard !names.contains(first) else { return }
        let nearest = Suggestion.nearest(to: first, among: names).map { ": did you mean 'viv \($0)'?" } ?? ""
        throw .badCommandLine("unknown command '\(first)'\(nearest) (see 'viv --help')")
    }
}

/// The commands that there are.
enum CommandList {
    static var names: [String] {
        let configuration = Viv.configuration
        return (configuration.subcommands + configuration.groupedSubcommands.flatMap(\.subcommands)).flatMap {
            [$0._commandName] + $0.configuration.aliases
        }
    }

}
