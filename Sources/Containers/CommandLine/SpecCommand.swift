import Glibc
import Host

/// `spec`: writes a `config.json` to start from.
enum SpecCommand {
    static func run(_ globals: RuntimeCommand.Globals) throws(ContainerError) -> Int32 {
        let options = try Arguments(globals.words, .init(valued: ["bundle,b"], flags: ["rootless"]))
        let path = (options.value("bundle").map { $0 + "/" } ?? "") + "config.json"
        guard access(path, F_OK) != 0 else {
            throw ContainerError(.conflict, "File \(path) exists. Remove it first")
        }
        do {
            let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_EXCL, mode: 0o644)
            try Descriptors.writeAll(
                file.raw, Array(template(isRootless: options.has("rootless")).pretty().utf8))
        } catch {
            throw ContainerError(.system, "\(error)")
        }
        return 0
    }

    static func template(isRootless: Bool) -> JSONValue {
        let user = JSONValue([("uid", 0), ("gid", 0)])
        let capabilities = JSONValue(["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"])
        let sets = JSONValue(["bounding", "effective", "permitted"].map { ($0, capabilities) })
        let limit = JSONValue([("type", "RLIMIT_NOFILE"), ("hard", 1024), ("soft", 1024)])
        let environment = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"]
        let process = JSONValue([
            ("terminal", true), ("user", user), ("args", JSONValue(["sh"])), ("env", JSONValue(environment)),
            ("cwd", "/"), ("capabilities", sets), ("rlimits", .array([limit])), ("noNewPrivileges", true),
        ])
        return JSONValue([
            ("ociVersion", .string(RuntimeSpec.version)), ("process", process),
            ("root", JSONValue([("path", "rootfs"), ("readonly", true)])), ("hostname", "viv-container"),
            ("mounts", .array(mounts(isRootless: isRootless))), ("linux", linux(isRootless: isRootless)),
        ])
    }

    private static func mounts(isRootless: Bool) -> [JSONValue] {
        DefaultProfile.mounts().map { mount in
            var mount = mount
            var options = mount.options ?? []
            if isRootless {
                options.removeAll { $0.hasPrefix("gid=") }
                // Without a network namespace of one's own there is no sysfs of one's own.
                if mount.destination == "/sys" {
                    (mount.type, mount.source, options) = (
                        "none", "/sys", ["rbind", "nosuid", "noexec", "nodev", "ro"]
                    )
                }
            }
            return JSONValue([
                ("destination", .string(mount.destination)), ("type", .string(mount.type ?? "")),
                ("source", .string(mount.source ?? "")), ("options", JSONValue(options)),
            ])
        }
    }

    private static func linux(isRootless: Bool) -> JSONValue {
        var kinds = ["pid", isRootless ? "user" : "network", "ipc", "uts", "mount"]
        // As runc has it: beside v1, tools look for the container's groups by their paths on the host.
        if CgroupHierarchies.ofHost().isUnified { kinds.append("cgroup") }
        let namespaces = JSONValue.array(kinds.map { JSONValue([("type", .string($0))]) })
        var fields: [(String, JSONValue)] = []
        if isRootless {
            fields = [("uidMappings", mapping(geteuid())), ("gidMappings", mapping(getegid()))]
        } else {
            let rule = JSONValue([("allow", false), ("access", "rwm")])
            fields = [("resources", JSONValue([("devices", .array([rule]))]))]
        }
        fields += [
            ("namespaces", namespaces), ("maskedPaths", JSONValue(DefaultProfile.maskedPaths)),
            ("readonlyPaths", JSONValue(DefaultProfile.readOnlyPaths)),
        ]
        return JSONValue(fields)
    }

    private static func mapping(_ own: UInt32) -> JSONValue {
        .array([JSONValue([("containerID", 0), ("hostID", JSONValue(own)), ("size", 1)])])
    }
}
