import ArgumentParser

/// An option that a command does not have, and the one that was meant.
enum UnknownOption {
    static func failure(_ word: String, of command: String) -> Failure {
        let name = CommaList.key(of: word)
        let nearest = name.hasPrefix("--") ? Suggestion.nearest(to: name, among: options) : nil
        let hint = nearest.map { "; did you mean '\($0)'?" } ?? ""
        return .badCommandLine("unknown option '\(name)'\(hint) (see 'viv \(command) --help')")
    }

    /// The long options of `run`, taken from its own help.
    private static var options: [String] {
        RunCommand.helpMessage(columns: 200)
            .split(whereSeparator: { $0.isWhitespace || ",[]".contains($0) })
            .filter { $0.hasPrefix("--") }.map { String($0.prefix { $0 != "=" }) }
    }
}
