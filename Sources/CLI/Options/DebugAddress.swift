import ArgumentParser

/// Where GDB finds a machine.
package enum DebugAddress: Equatable, Sendable {
    /// A port of this host's loopback interface; 0 for any that is free.
    case tcp(UInt16)
    case unix(String)

    package init(parsing text: String) throws {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init)
        switch (parts.first, parts.count) {
        case ("tcp", 2):
            guard let port = UInt16(parts[1]) else { fallthrough }
            self = .tcp(port)
        case ("unix", 2) where !parts[1].isEmpty: self = .unix(parts[1])
        default: throw ValidationError("unknown address '\(text)': use tcp:PORT or unix:PATH")
        }
    }
}
