import ArgumentParser
import NetworkStack

/// `none` or `user[,forward=tcp|udp:[HOST]:PORT-[GUEST]:PORT…]`: the guest's network.
package enum NetworkOption: Equatable, Sendable {
    case none
    case user(forwards: [PortForward])

    package init(parsing text: String) throws {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        switch parts[0] {
        case "none" where parts.count == 1:
            self = .none
        case "user":
            self = .user(forwards: try parts.dropFirst().map(Self.forward))
        default:
            throw ValidationError("unknown network '\(text)': use 'none' or 'user[,forward=tcp::2222-:22]'")
        }
    }

    private static func forward(_ text: Substring) throws -> PortForward {
        let prefix = "forward="
        guard text.hasPrefix(prefix) else {
            throw ValidationError("unknown network property '\(text)': the only one is 'forward=…'")
        }
        do {
            return try PortForward(parsing: String(text.dropFirst(prefix.count)))
        } catch {
            throw ValidationError("\(error)")
        }
    }
}
