import Foundation
import Glibc
import Host

/// A command that runs to its end.
package struct Command {
    package let code: Int32
    package let output: String
    package let errors: String
    /// Ended by a signal, whose number `code` then is.
    package let wasKilled: Bool

    /// Runs a program, by default without input. One that takes longer than `patience` seconds is ended.
    package static func run(
        _ program: URL, _ arguments: [String], input: Data? = nil, patience: Double = 60,
        environment extra: [String: String] = [:]
    ) throws -> Command {
        signal(SIGPIPE, SIG_IGN)
        let running = try RunningProgram(
            program.path(), arguments, hasInput: input != nil,
            environment: environment.merging(extra) { _, given in given })
        if let input {
            Foundation.Thread.detachNewThread {
                running.type(input)
                running.closeInput()
            }
        }
        let exit = running.wait(patience) ?? end(running)
        let (code, wasKilled) =
            switch exit {
            case .exited(let code): (code, false)
            case .signalled(let number): (number, true)
            }
        return Command(
            code: code, output: running.output.finish(), errors: running.errors.finish(), wasKilled: wasKilled
        )
    }

    private static func end(_ running: RunningProgram) -> ChildProcess.Exit {
        running.signal(SIGTERM)
        while true {
            if let exit = running.wait(10) { return exit }
            running.signal(SIGKILL)
        }
    }

    /// Ours, with a runtime directory that no other machine is in.
    package static var environment: [String: String] {
        var environment = ProcessInfo.processInfo.environment
        environment["XDG_RUNTIME_DIR"] = Programs.scratch.path()
        environment["SWIFT_BACKTRACE"] = "enable=no"
        return environment
    }
}
