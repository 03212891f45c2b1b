/// `--security-opt` of a container, taken apart.
struct SecurityOptions: Equatable, Sendable {
    enum Seccomp: Equatable, Sendable {
        case standard, unconfined
        /// The text of a profile.
        case profile(String)
    }

    var seccomp = Seccomp.standard
    var hasNoNewPrivileges = false
    /// `nil` leaves the host's default.
    var appArmor: String?
    var hasUnmaskedPaths = false

    /// Options that mean nothing here, such as labels on a host without SELinux, are left alone.
    init(_ options: [String]) {
        for option in options {
            let split = option.firstIndex { $0 == "=" || $0 == ":" }
            let key = split.map { String(option[..<$0]) } ?? option
            let value = split.map { String(option[option.index(after: $0)...]) } ?? ""
            switch key {
            case "seccomp":
                seccomp =
                    value == "unconfined" ? .unconfined : value == "builtin" ? .standard : .profile(value)
            case "no-new-privileges": hasNoNewPrivileges = value != "false"
            case "apparmor": appArmor = value == "unconfined" ? nil : value
            case "systempaths": hasUnmaskedPaths = value == "unconfined"
            default: break
            }
        }
    }
}
