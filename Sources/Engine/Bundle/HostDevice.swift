import CLinux
import Containers
import Glibc
import Host
import Model

/// A device of the host that a container is given: the node that it sees, and the rule that lets it in.
struct HostDevice: Equatable, Sendable {
    var node: RuntimeSpec.Device
    var rule: RuntimeSpec.DeviceRule

    /// The device at `path`; `nil` when there is none.
    init?(path: String, as target: String, permissions: String) {
        var info = stat()
        guard stat(path, &info) == 0 else { return nil }
        let kind = info.st_mode & S_IFMT
        guard kind == S_IFCHR || kind == S_IFBLK else { return nil }
        let (major, minor) = Self.numbers(info)
        let type = kind == S_IFCHR ? "c" : "b"
        node = RuntimeSpec.Device(type: type, path: target, major: major, minor: minor)
        node.fileMode = info.st_mode & 0o7777
        node.uid = info.st_uid
        node.gid = info.st_gid
        rule = RuntimeSpec.DeviceRule(
            allow: true, type: type, major: major, minor: minor, access: permissions)
    }

    private static func isLink(_ path: String) -> Bool {
        var info = stat()
        return lstat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFLNK
    }

    static func number(of path: String) -> (major: Int64, minor: Int64)? {
        var info = stat()
        guard stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFBLK else { return nil }
        return numbers(info)
    }

    private static func numbers(_ info: stat) -> (major: Int64, minor: Int64) {
        (Int64(viv_device_major(info.st_rdev)), Int64(viv_device_minor(info.st_rdev)))
    }

    /// The devices that a mapping names: one, or all below a folder.
    static func devices(for mapping: DeviceMapping) throws(EngineError) -> [HostDevice] {
        let target = mapping.containerPath.isEmpty ? mapping.hostPath : mapping.containerPath
        let permissions = mapping.permissions.isEmpty ? "rwm" : mapping.permissions
        guard permissions.allSatisfy({ "rwm".contains($0) }) else {
            throw EngineError(.invalid, "\"\(permissions)\" are no rights of a device: use r, w and m")
        }
        if Folder.exists(mapping.hostPath) {
            return Folder.files(below: mapping.hostPath).compactMap { path in
                let inner = target + path.dropFirst(mapping.hostPath.count)
                return HostDevice(path: path, as: inner, permissions: permissions)
            }
        }
        guard let device = HostDevice(path: mapping.hostPath, as: target, permissions: permissions) else {
            throw EngineError(.invalid, "\(mapping.hostPath) is no device of this host")
        }
        return [device]
    }

    /// Every device of the host, for the privileged. Terminals are left out: the container has its own.
    static func all() -> [HostDevice] {
        let own: Set = ["/dev/pts", "/dev/shm", "/dev/mqueue", "/dev/console", "/dev/.viv-init"]
        return Folder.names(in: "/dev").map { "/dev/\($0)" }.filter { !own.contains($0) }.flatMap { path in
            let paths = Folder.exists(path) ? Folder.files(below: path) : [path]
            // Links such as /dev/stdin lead to whatever this process has open.
            return paths.filter { !isLink($0) }.compactMap {
                HostDevice(path: $0, as: $0, permissions: "rwm")
            }
        }
    }
}
