import Model

/// Why a machine cannot be built: one line for the user, and the exit code that goes with it.
package struct MachineError: Error, Equatable, CustomStringConvertible {
    package let code: ExitCode
    package let description: String

    package init(_ code: ExitCode, _ description: String) {
        self.code = code
        self.description = description
    }
}
