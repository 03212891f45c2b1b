import Model

/// The exit codes as the manual and `viv --help` list them.
enum ExitCodeList {
    static var text: String {
        ExitCode.allCases.map { code in
            let number = String(code.rawValue)
            return String(repeating: " ", count: 4 - number.count) + number + "  " + code.meaning
        }.joined(separator: "\n")
    }
}
