import CLinux
import Glibc
import Host

/// Maps the ids of a new user namespace (user_namespaces(7)).
enum IdentityMaps {
    /// Writes both maps of `process`: directly where this process may, else by newuidmap and newgidmap.
    static func write(
        _ users: [RuntimeSpec.IDMapping], _ groups: [RuntimeSpec.IDMapping], of process: pid_t
    ) throws(ContainerError) {
        guard !users.isEmpty, !groups.isEmpty else {
            throw ContainerError(
                .invalid, "linux.uidMappings and linux.gidMappings must be there for a new user namespace")
        }
        if HostProcess.isRoot || !isOwnOnly(users, geteuid()) || !isOwnOnly(groups, getegid()) {
            try write("uid_map", users, process, program: "newuidmap")
            return try write("gid_map", groups, process, program: "newgidmap")
        }
        // Without privilege only the own ids can be mapped, and setgroups must be given up first.
        do {
            try CgroupFile.write("/proc/\(process)/setgroups", "deny")
            try CgroupFile.write("/proc/\(process)/uid_map", text(users))
            try CgroupFile.write("/proc/\(process)/gid_map", text(groups))
        } catch { throw ContainerError(.refusedByHost, error.description) }
    }

    private static func isOwnOnly(_ mappings: [RuntimeSpec.IDMapping], _ own: UInt32) -> Bool {
        mappings.count == 1 && mappings[0].size == 1 && mappings[0].hostID == own
    }

    private static func write(
        _ file: String, _ mappings: [RuntimeSpec.IDMapping], _ process: pid_t, program: String
    ) throws(ContainerError) {
        do { try CgroupFile.write("/proc/\(process)/\(file)", text(mappings)) } catch {
            guard error.code == EPERM, !HostProcess.isRoot else {
                throw ContainerError(.refusedByHost, error.description)
            }
            let numbers = mappings.flatMap { [String($0.containerID), String($0.hostID), String($0.size)] }
            guard try Program.run(program, [String(process)] + numbers) == 0 else {
                throw ContainerError(
                    .refusedByHost,
                    "\(program) refused to map ids: does /etc/sub\(file.prefix(3)) have a range for this user?"
                )
            }
        }
    }

    static func text(_ mappings: [RuntimeSpec.IDMapping]) -> String {
        mappings.map { "\($0.containerID) \($0.hostID) \($0.size)\n" }.joined()
    }
}

/// A program of the host that is run and waited for.
enum Program {
    /// The exit code; 128 + the signal when it was killed.
    static func run(_ name: String, _ arguments: [String]) throws(ContainerError) -> Int32 {
        var process: pid_t = 0
        var list = ([name] + arguments).map { strdup($0) } + [nil]
        defer { for pointer in list { free(pointer) } }
        let failure = posix_spawnp(&process, name, nil, nil, &list, environ)
        guard failure == 0 else {
            throw ContainerError(.refusedByHost, SystemError("run \(name)", code: failure).description)
        }
        var status: Int32 = 0
        while viv_wait(process, &status, 0) < 0 && errno == EINTR {}
        return exitCode(status)
    }

    /// The code by which shells tell a wait status.
    static func exitCode(_ status: Int32) -> Int32 {
        viv_exited(status) != 0 ? viv_exit_code(status) : 128 + viv_exit_signal(status)
    }
}
