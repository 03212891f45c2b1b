import ArgumentParser

/// Where the guest's serial port leads.
package enum SerialOption: Equatable, Sendable {
    /// This terminal, or the standard streams where there is none.
    case stdio
    /// Output is written to a file.
    case file(String)
    /// A new pseudo-terminal, whose path is printed.
    case pty
    /// A Unix socket that serves one client at a time.
    case unix(String)
    case none

    package init(parsing text: String) throws {
        switch text {
        case "stdio": self = .stdio
        case "pty": self = .pty
        case "none": self = .none
        default:
            let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
            switch (parts.first, parts.count) {
            case ("file", 2): self = .file(parts[1])
            case ("unix", 2): self = .unix(parts[1])
            default:
                throw ValidationError(
                    "unknown serial port '\(text)': use stdio, file:PATH, pty, unix:PATH or none")
            }
        }
    }
}
