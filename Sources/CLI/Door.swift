import ArgumentParser
import Glibc
import Host
import Model
import NetworkStack

/// The way into the program: arguments in, exit code out.
package enum Door {
    /// Runs `viv` with `arguments` (without the program's name). Errors are one line on standard error.
    package static func enter(_ arguments: [String]) -> Int32 {
        Signals.ignoreBrokenPipes()
        var isRun = arguments.contains("run") && !arguments.contains("machine")
        do {
            let line = try CommandLineWords(arguments)
            isRun = line.words.first == "run"
            if let host = line.host { setenv("VIV_HOST", host, 1) }
            var command = try Viv.parseAsRoot(line.words)
            try command.run()
            return Model.ExitCode.success.rawValue
        } catch let exit as ContainerExit {
            Terminal.restore()
            return code(of: exit)
        } catch let error as SystemError where error.code == EPIPE {
            // Whoever read the output has had enough, as `head` does: no failure.
            return Model.ExitCode.success.rawValue
        } catch {
            Terminal.restore()
            let code = report(error)
            // As Docker's: everything before the container's own end.
            return isRun && code != .success ? 125 : code.rawValue
        }
    }

    private static func code(of exit: ContainerExit) -> Int32 {
        switch exit {
        case .ended(let code): return code
        case .failed(let failure, let code):
            Report.note(failure.description)
            return code
        }
    }

    /// Prints what went wrong, or the help that was asked for.
    private static func report(_ error: any Error) -> Model.ExitCode {
        if let failure = failure(error) {
            Report.note(failure.description)
            return failure.code
        }
        if Viv.exitCode(for: error).isSuccess {
            Report.line(Viv.fullMessage(for: error))
            return .success
        }
        Report.note(usageLine(error))
        return .badCommandLine
    }

    /// What is ours of all errors; `nil` for those of the argument parser.
    private static func failure(_ error: any Error) -> Failure? {
        switch error {
        case let failure as Failure: failure
        case let error as SystemError: Failure(.refused, error.description)
        case let error as NetworkError: Failure(.refused, error.description)
        case let error as TemplateError: Failure(.badCommandLine, error.description)
        case is FrameSplitter.Fault: Failure(.refused, "the daemon sends frames that are too long")
        case let error as TarReader.Fault: Failure(.refused, error.description)
        default: nil
        }
    }

    /// The parser's message cut to its first line, with the way to the help.
    private static func usageLine(_ error: any Error) -> String {
        let message = Viv.message(for: error)
        let line = message.split(separator: "\n").first.map(String.init) ?? "bad command line"
        let text = line.hasSuffix(".") ? String(line.dropLast()) : line
        return "\(text) (see 'viv --help', or --help after a command)"
    }
}
