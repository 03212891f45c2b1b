import Glibc
import Host
import Model

/// How a machine has ended, as its exit code and one line.
package struct Outcome: Equatable, Sendable {
    package let code: ExitCode
    package let reason: String

    /// Judges by the last event, and where that is missing by how the process ended.
    package init(last: MachineEvent?, exit: ChildProcess.Exit) {
        if let last, let code = last.exitCode {
            self.init(code, last.detail ?? Self.words(for: last.kind))
            return
        }
        switch exit {
        case .signalled(SIGSYS):
            self.init(.internalFault, "the machine tried something its jail forbids; please report it")
        case .signalled(SIGKILL):
            self.init(.ended, "the machine was killed from outside")
        case .signalled(let signal):
            self.init(.internalFault, "the machine crashed (signal \(signal)); please report it")
        case .exited(let code):
            self.init(
                ExitCode(rawValue: code).flatMap { $0 == .success ? nil : $0 } ?? .internalFault,
                "the machine ended without a word (exit code \(code)); please report it")
        }
    }

    init(_ code: ExitCode, _ reason: String) {
        self.code = code
        self.reason = reason
    }

    private static func words(for kind: MachineEvent.Kind) -> String {
        switch kind {
        case .poweredOff: "the guest powered off"
        case .guestFailed: "the guest ended badly"
        case .ended: "the machine was ended from outside"
        default: "the machine could not go on"
        }
    }
}

/// The last line of `--json`: how it all ended.
struct ExitLine: Encodable {
    let event = "exited"
    /// Why, in words.
    let reason: String
    /// The exit code of `viv`.
    let code: Int32
    /// Of the machine's last event.
    let seconds: Double
    let instructions: UInt64
}
