import CLinux
import Glibc
import Host

/// `rootless`: runs a program as root of a new user and mount namespace.
enum RootlessCommand {
    static func run(_ globals: RuntimeCommand.Globals) throws(ContainerError) -> Int32 {
        let words = globals.words.first == "--" ? Array(globals.words.dropFirst()) : globals.words
        guard let name = words.first else { throw ContainerError(.invalid, "rootless needs a program") }
        try enter(globals.log)
        var list = words.map { strdup($0) } + [nil]
        execvp(name, &list)
        throw ContainerError(.notFound, SystemError("run \(name)").description)
    }

    /// The maps must be written by a process outside, which waits until the namespace is there.
    private static func enter(_ log: RuntimeLog) throws(ContainerError) {
        let own = getpid()
        let (users, groups) = (ranges("/etc/subuid", geteuid()), ranges("/etc/subgid", getegid()))
        var gate: [Int32] = [-1, -1]
        guard viv_pipe(&gate) == 0 else {
            throw ContainerError(.system, SystemError("make a pipe").description)
        }
        let result = try Side.start { () throws(ContainerError) -> String in
            close(gate[1])
            var byte: UInt8 = 0
            guard read(gate[0], &byte, 1) == 1 else {
                throw ContainerError(.system, "the namespace was not made")
            }
            return try map(own, users, groups)
        }
        defer { close(result) }
        close(gate[0])
        guard viv_unshare(VIV_NEW_USER | VIV_NEW_MOUNT) == 0 else {
            throw ContainerError(
                .refusedByHost,
                SystemError("make a user namespace").description
                    + " (see user.max_user_namespaces and unprivileged_userns_clone)")
        }
        var byte: UInt8 = 1
        write(gate[1], &byte, 1)
        close(gate[1])
        let warning = try Side.result(of: result)
        if !warning.isEmpty { log.write(.warning, warning) }
        guard setgid(0) == 0, setuid(0) == 0 else {
            throw ContainerError(.refusedByHost, SystemError("become root of the namespace").description)
        }
    }

    private static func map(
        _ process: pid_t, _ users: [RuntimeSpec.IDMapping], _ groups: [RuntimeSpec.IDMapping]
    ) throws(ContainerError) -> String {
        if users.count > 1, groups.count > 1 {
            do {
                try IdentityMaps.write(users, groups, of: process)
                return ""
            } catch {
                try IdentityMaps.write([users[0]], [groups[0]], of: process)
                return "only one user id is mapped: \(error)"
            }
        }
        try IdentityMaps.write([users[0]], [groups[0]], of: process)
        return "only one user id is mapped: /etc/subuid and /etc/subgid have no range for this user"
    }

    /// The own id as 0, then the ranges of a file of subuid(5).
    private static func ranges(_ path: String, _ own: UInt32) -> [RuntimeSpec.IDMapping] {
        let name = userName()
        var result = [RuntimeSpec.IDMapping(containerID: 0, hostID: own, size: 1)]
        var next: UInt32 = 1
        for line in String(decoding: CgroupFile.bytes(path) ?? [], as: UTF8.self).split(separator: "\n") {
            let parts = line.split(separator: ":")
            guard parts.count == 3, parts[0] == name ?? "" || parts[0] == String(geteuid()),
                let start = UInt32(parts[1]), let size = UInt32(parts[2]), size > 0
            else { continue }
            let (end, overflow) = next.addingReportingOverflow(size)
            guard !overflow else { break }
            result.append(RuntimeSpec.IDMapping(containerID: next, hostID: start, size: size))
            next = end
        }
        return result
    }

    /// From /etc/passwd: a static program has no other way to ask.
    private static func userName() -> String? {
        let lines = String(decoding: CgroupFile.bytes("/etc/passwd") ?? [], as: UTF8.self).split(
            separator: "\n")
        let own = String(geteuid())
        return lines.lazy.map { $0.split(separator: ":", omittingEmptySubsequences: false) }
            .first { $0.count > 2 && $0[2] == own }.map { String($0[0]) }
    }
}
