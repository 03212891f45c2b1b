import Host

/// Why a network could not be set up. `description` is one line for the user.
package enum NetworkError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A forward's text is not of the form `tcp|udp:[HOSTADDR]:PORT-[GUESTADDR]:PORT`.
    case badForward(text: String, reason: String)
    /// Somebody else listens there already.
    case portInUse(PortForward)
    /// The host does not let us listen there.
    case cannotListen(PortForward, errno: Int32)
    /// A system call failed that should not.
    case system(SystemError)

    package var description: String {
        switch self {
        case .badForward(let text, let reason):
            "bad forward \"\(text)\": \(reason); expected tcp|udp:[HOSTADDR]:PORT-[GUESTADDR]:PORT"
        case .portInUse(let forward):
            "port in use: \(forward.transport.rawValue) \(forward.host); stop what listens there or choose another port"
        case .cannotListen(let forward, let code):
            SystemError("listen on \(forward.transport.rawValue) \(forward.host)", code: code).description
        case .system(let error):
            error.description
        }
    }
}
