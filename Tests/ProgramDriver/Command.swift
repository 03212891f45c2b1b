import Foundation

/// A command that runs to its end.
package struct Command {
    package let code: Int32
    package let output: String
    package let errors: String
    /// Ended by a signal, whose number `code` then is.
    package let wasKilled: Bool

    /// Runs a program, by default without input. One that takes longer than `patience` seconds is killed.
    package static func run(
        _ program: URL, _ arguments: [String], input: Data? = nil, patience: Double = 60,
        environment extra: [String: String] = [:]
    ) throws -> Command {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.environment = environment.merging(extra) { _, given in given }
        let source = input.map { _ in Pipe() }
        process.standardInput = source ?? FileHandle.nullDevice
        let (output, errors) = (Collector(), Collector())
        process.standardOutput = output.pipe
        process.standardError = errors.pipe
        try process.run()
        if let source, let input {
            Thread.detachNewThread {
                try? source.fileHandleForWriting.write(contentsOf: input)
                try? source.fileHandleForWriting.close()
            }
        }
        let watchdog = DispatchWorkItem { process.terminate() }
        DispatchQueue.global().asyncAfter(deadline: .now() + patience, execute: watchdog)
        process.waitUntilExit()
        watchdog.cancel()
        return Command(
            code: process.terminationStatus, output: output.finish(), errors: errors.finish(),
            wasKilled: process.terminationReason == .uncaughtSignal)
    }

    /// Ours, with a runtime directory that no other machine is in.
    package static var environment: [String: String] {
        var environment = ProcessInfo.processInfo.environment
        environment["XDG_RUNTIME_DIR"] = Programs.scratch.path()
        environment["SWIFT_BACKTRACE"] = "enable=no"
        return environment
    }
}
