import ArgumentParser

/// Where the guest's screen is shown: `none`, or `vnc:ADDRESS:PORT` or `vnc:unix:PATH`, `,password-file=FILE`.
package enum DisplayOption: Equatable, Sendable {
    case none
    /// Viewers of RFB connect here.
    case viewers(Place, passwordFile: String?)

    package enum Place: Equatable, Sendable {
        case port(address: String, port: UInt16)
        case unix(String)
    }

    private static let usage = "use none, vnc:127.0.0.1:5901 or vnc:unix:PATH, with ,password-file=FILE"

    package init(parsing text: String) throws {
        guard text != "none" else {
            self = .none
            return
        }
        var parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let place = parts.removeFirst()
        var passwordFile: String?
        for part in parts {
            let prefix = "password-file="
            guard part.hasPrefix(prefix), part.count > prefix.count else {
                throw ValidationError("unknown property '\(part)' of a display: \(Self.usage)")
            }
            passwordFile = String(part.dropFirst(prefix.count))
        }
        self = .viewers(try Self.place(place), passwordFile: passwordFile)
    }

    private static func place(_ text: String) throws -> Place {
        let parts = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(
            String.init)
        guard parts.count == 3, parts[0] == "vnc", !parts[1].isEmpty, !parts[2].isEmpty else {
            throw ValidationError("unknown display '\(text)': \(usage)")
        }
        if parts[1] == "unix" { return .unix(parts[2]) }
        guard let port = UInt16(parts[2]) else {
            throw ValidationError("'\(parts[2])' is no port: \(usage)")
        }
        return .port(address: parts[1], port: port)
    }
}
