import Model

/// Why a command cannot go on: one line that says what is wrong and what to do, and the exit code.
struct Failure: Error, Equatable, CustomStringConvertible {
    let code: ExitCode
    let description: String

    init(_ code: ExitCode, _ description: String) {
        self.code = code
        self.description = description
    }

    static func badCommandLine(_ text: String) -> Failure { Failure(.badCommandLine, text) }
    static func unusableFile(_ text: String) -> Failure { Failure(.unusableFile, text) }
    static func refused(_ text: String) -> Failure { Failure(.refused, text) }
    static func internalFault(_ text: String) -> Failure { Failure(.internalFault, text) }
}
