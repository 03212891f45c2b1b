import Glibc
import Host

/// Why a network could not be made or changed; the text is for the user.
package struct KernelNetworkError: Error, CustomStringConvertible, Sendable {
    package enum Kind: Sendable {
        case invalid, notFound, conflict, refusedByHost, system
    }

    package let kind: Kind
    package let description: String

    package init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    /// A system call that failed while `action`, words after "cannot", was under way.
    init(_ error: SystemError, while action: String) {
        let kind: Kind =
            switch error.code {
            case EPERM, EACCES, EOPNOTSUPP: .refusedByHost
            case EEXIST, EADDRINUSE: .conflict
            case ENODEV, ENOENT, ESRCH: .notFound
            default: .system
            }
        self.init(kind, "cannot \(action): \(error)")
    }
}
