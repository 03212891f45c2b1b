import Model

/// Why a command cannot go on: one line that says what is wrong and what to do, and the exit code.
package struct Failure: Error, Equatable, CustomStringConvertible {
    let code: ExitCode
    package let description: String
    /// The HTTP status of a daemon's refusal; 0 for all others.
    var status = 0
    /// Whether the command would have worked with a daemon that runs.
    var isForWantOfDaemon = false

    init(_ code: ExitCode, _ description: String, status: Int = 0) {
        self.code = code
        self.description = description
        self.status = status
    }

    static func badCommandLine(_ text: String) -> Failure { Failure(.badCommandLine, text) }
    static func unusableFile(_ text: String) -> Failure { Failure(.unusableFile, text) }
    static func refused(_ text: String) -> Failure { Failure(.refused, text) }
    static func internalFault(_ text: String) -> Failure { Failure(.internalFault, text) }

    /// Runs `body`; what it lacks is no error when `isAllowed`, and told by `missing`.
    static func tolerateMissing(
        _ isAllowed: Bool, _ missing: (String) -> Void = { _ in }, _ body: () throws -> Void
    ) throws {
        do {
            try body()
        } catch {
            guard isAllowed, let failure = error as? Failure, failure.status == 404 else { throw error }
            missing(failure.description)
        }
    }

    static func noDaemon(_ text: String) -> Failure {
        var failure = Failure(.refused, text)
        failure.isForWantOfDaemon = true
        return failure
    }
}
