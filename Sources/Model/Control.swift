/// What can be asked of a running machine.
package enum ControlCommand: String, Codable, Sendable, CaseIterable {
    /// Ask the guest to power down; the machine goes on until it does.
    case stop
    /// End the machine now.
    case kill
    case pause
    case resume
    /// Start the guest again from power-on.
    case reset
    /// How the machine is.
    case status
    /// Whether a debugger may come; if so, what follows on the asker's connection is between the two.
    case debug
    /// Draw the screen, and tell its size and text.
    case screen
    /// The same; and the screen's memory comes behind the reply, carried by one byte. `viv` gives it.
    case picture
    /// Type on the keyboard: `keys` of the request.
    case press
    /// Move the mouse: `motion` of the request.
    case point
    /// Send `text` of the request to the serial port. `viv` does.
    case input
    /// What has come from the serial port since somebody typed. `viv` tells.
    case transcript
}

/// One request: a line on the control socket.
package struct ControlRequest: Codable, Equatable, Sendable {
    /// Chosen by the asker, given back in the reply.
    package var request: UInt64
    package var command: ControlCommand
    package var keys: [KeyMotion]?
    package var motion: PointerMotion?
    package var text: String?
    /// Of `screen`: draw it as in that half of the time in which blinking characters do not show.
    package var isBlinkedOff: Bool?

    package init(request: UInt64, command: ControlCommand) {
        self.request = request
        self.command = command
    }
}

/// The answer to a request.
package struct ControlReply: Codable, Equatable, Sendable {
    /// The number of the request.
    package var reply: UInt64
    /// Why it was refused, one line; `nil` when it was done.
    package var refusal: String?
    /// Answers `status`.
    package var status: MachineStatus?
    /// Answers `screen` and `picture`.
    package var screen: ScreenStatus?
    /// Answers `transcript`.
    package var text: String?

    package init(reply: UInt64, refusal: String? = nil, status: MachineStatus? = nil) {
        self.reply = reply
        self.refusal = refusal
        self.status = status
    }
}

/// How a machine is.
package struct MachineStatus: Codable, Equatable, Sendable {
    package enum State: String, Codable, Sendable {
        case running, paused, ended
    }

    package var id: MachineID
    package var name: String
    package var arch: GuestArchitecture
    package var state: State
    package var cpus: Int
    /// RAM in bytes.
    package var memory: UInt64
    /// The engine in use, never `auto`.
    package var accelerator: Accelerator
    package var processID: Int32
    /// Wall-clock seconds since `viv-machine` was executed.
    package var seconds: Double
    package var instructions: UInt64
    /// The walls of the jail that stand, such as `seccomp` and `network`; what the host forbade is missing.
    package var jail: [String]

    package init(
        id: MachineID, name: String, arch: GuestArchitecture, state: State, cpus: Int, memory: UInt64,
        accelerator: Accelerator, processID: Int32, seconds: Double, instructions: UInt64, jail: [String]
    ) {
        self.id = id
        self.name = name
        self.arch = arch
        self.state = state
        self.cpus = cpus
        self.memory = memory
        self.accelerator = accelerator
        self.processID = processID
        self.seconds = seconds
        self.instructions = instructions
        self.jail = jail
    }
}

/// A line from the machine: an event, or the reply to a request.
package enum MachineMessage: Equatable, Sendable {
    case event(MachineEvent)
    case reply(ControlReply)
}

extension MachineMessage: Codable {
    private enum Marker: String, CodingKey { case reply }

    package init(from decoder: any Decoder) throws {
        let isReply = try decoder.container(keyedBy: Marker.self).contains(.reply)
        self = isReply ? .reply(try ControlReply(from: decoder)) : .event(try MachineEvent(from: decoder))
    }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .event(let event): try event.encode(to: encoder)
        case .reply(let reply): try reply.encode(to: encoder)
        }
    }
}
