import CLinux
import Glibc
import Host

/// How the daemon sets itself apart from the host before it has threads.
enum Namespaces {
    private static let newMounts: UInt = 0x20000  // CLONE_NEWNS
    private static let slaveOfAll: UInt = 1 << 19 | 1 << 14  // MS_SLAVE | MS_REC

    /// A mount namespace of our own: what the host mounts still arrives, what we mount vanishes with us. Where the
    /// host forbids it the daemon goes on: only a mount that a killed daemon leaves would then stay.
    ///
    /// - Returns: why it could not be had; `nil` when it is there.
    static func leaveMounts() -> String? {
        guard viv_unshare(newMounts) == 0 else { return "\(SystemError("leave the host's mount namespace"))" }
        guard mount(nil, "/", nil, slaveOfAll, nil) == 0 else {
            return "\(SystemError("keep mounts from spreading"))"
        }
        return nil
    }

    /// Starts this program again as root of a user namespace, through `viv-container rootless`. Returns only when
    /// that fails.
    static func enterUserNamespace(_ arguments: [String], program: String) -> DaemonError {
        guard let executable = realpath("/proc/self/exe", nil) else {
            return DaemonError(.system, "cannot find this program's own file")
        }
        defer { free(executable) }
        let words = [program, "rootless", "--", String(cString: executable)] + arguments
        var pointers = words.map { strdup($0) } + [nil]
        execv(program, &pointers)
        return DaemonError(.system, "\(SystemError("start \(program)"))")
    }

    /// A program beside this one, or the first on the PATH.
    static func program(_ name: String, beside folder: String, path: String?) -> String? {
        let folders = [folder] + (path ?? "").split(separator: ":").map(String.init)
        return folders.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }
}
