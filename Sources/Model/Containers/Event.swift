/// Something that happened to an object of the daemon's.
package struct Event: Codable, Equatable, Sendable {
    package enum Subject: String, Codable, Sendable, CaseIterable {
        case container, machine, image, network, volume, builder, daemon
    }

    /// Rises by one with each event; survives restarts.
    package var number: Int64
    package var subject: Subject
    /// `create`, `start`, `die`, `pull`, `connect`…: Docker's words.
    package var action: String
    /// An id, or the name of a volume or image.
    package var actor: String
    /// `name`, `image`, `exitCode`, labels…
    package var attributes: [String: String]
    /// Nanoseconds since 1970.
    package var time: Int64

    package init(
        number: Int64 = 0, _ subject: Subject, _ action: String, actor: String,
        attributes: [String: String] = [:], time: Int64
    ) {
        self.number = number
        self.subject = subject
        self.action = action
        self.actor = actor
        self.attributes = attributes
        self.time = time
    }
}

/// What a process in a running container is started with.
package struct ExecSpec: Codable, Equatable, Sendable {
    package var command: [String]
    package var environment: [String] = []
    package var workingDirectory: String?
    package var user: String?
    package var hasTerminal = false
    package var terminalSize: TerminalSize?
    package var attachesStdin = false
    package var attachesStdout = true
    package var attachesStderr = true
    package var isPrivileged = false
    /// As Docker writes them: `ctrl-p,ctrl-q`.
    package var detachKeys: String?

    package init(command: [String]) { self.command = command }
}
