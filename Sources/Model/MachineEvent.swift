/// Something that happened to a machine, as told to its parent and, with `--json`, to the user.
///
/// On the wire one flat object a line: `{"event":"started","seconds":0.02,"instructions":0}`.
package struct MachineEvent: Codable, Equatable, Sendable {
    package enum Kind: String, Codable, Sendable {
        /// The first guest instruction is about to run.
        case started
        /// The guest has written its first byte to the console.
        case consoleReady
        case paused
        case resumed
        /// The guest asked for a reset, or was reset from outside, and starts again.
        case rebooted
        /// The guest powered itself off: the last event.
        case poweredOff
        /// The guest ended badly (`detail` says how, `code` is the guest's own): the last event.
        case guestFailed
        /// The machine was ended from outside: the last event.
        case ended
        /// The host could not carry out a disk request; the guest saw an I/O error.
        case diskError
        /// The machine cannot be built or go on (`detail`, and `code` an `ExitCode`): the last event.
        case refused
    }

    package var kind: Kind
    /// Wall-clock seconds since `viv-machine` was executed.
    package var seconds: Double
    /// Guest instructions retired so far, over all harts.
    package var instructions: UInt64
    /// One line for people.
    package var detail: String?
    /// A number that belongs to the kind: the guest's failure code, or the exit code of a refusal.
    package var code: Int64?

    package init(
        _ kind: Kind, seconds: Double, instructions: UInt64, detail: String? = nil, code: Int64? = nil
    ) {
        self.kind = kind
        self.seconds = seconds
        self.instructions = instructions
        self.detail = detail
        self.code = code
    }

    private enum CodingKeys: String, CodingKey {
        case kind = "event"
        case seconds, instructions, detail, code
    }
}

extension MachineEvent {
    /// The exit code of a machine whose last event this is; `nil` when the machine goes on.
    package var exitCode: ExitCode? {
        switch kind {
        case .poweredOff: .success
        case .guestFailed: .guestFailed
        case .ended: .ended
        case .refused: code.flatMap { Int32(exactly: $0) }.flatMap(ExitCode.init) ?? .internalFault
        case .started, .consoleReady, .paused, .resumed, .rebooted, .diskError: nil
        }
    }
}
