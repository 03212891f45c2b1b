import CLinux
import Glibc
import Host

extension RootPlan {
    /// What every container has (§ Default Devices).
    private static let defaultNumbers: [(String, Int64, Int64)] = [
        ("/dev/null", 1, 3), ("/dev/zero", 1, 5), ("/dev/full", 1, 7), ("/dev/random", 1, 8),
        ("/dev/urandom", 1, 9), ("/dev/tty", 5, 0),
    ]

    private static let fifo: UInt32 = 0o010000
    /// S_IFCHR, S_IFBLK, S_IFIFO by the specification's letters.
    private static let kinds: [String: UInt32] = ["c": 0o020000, "u": 0o020000, "b": 0o060000, "p": fifo]

    /// (§ Dev symbolic links)
    private static let links = [
        ("/dev/fd", "/proc/self/fd"), ("/dev/stdin", "/proc/self/fd/0"), ("/dev/stdout", "/proc/self/fd/1"),
        ("/dev/stderr", "/proc/self/fd/2"), ("/dev/ptmx", "pts/ptmx"),
    ]

    /// Device files and the links beside them, unless /dev is the host's.
    func addDevices(to list: inout StepList) throws(ContainerError) {
        guard !hasHostDevices else { return }
        let asked = spec.linux?.devices ?? []
        let defaults = Self.defaultNumbers.map {
            RuntimeSpec.Device(type: "c", path: $0.0, major: $0.1, minor: $0.2)
        }
        .filter { device in !asked.contains { $0.path == device.path } }
        for device in defaults + asked { try addDevice(device, to: &list) }
        for (path, target) in Self.links { addLink(path, target, to: &list) }
    }

    private func addDevice(_ device: RuntimeSpec.Device, to list: inout StepList) throws(ContainerError) {
        guard let kind = Self.kinds[device.type], device.path.hasPrefix("/") else {
            throw ContainerError(.invalid, "linux.devices: \(device.path) is no device of a known type")
        }
        guard let major = UInt32(exactly: device.major ?? 0), let minor = UInt32(exactly: device.minor ?? 0)
        else {
            throw ContainerError(.invalid, "linux.devices: \(device.path) has an impossible number")
        }
        if hasUserNamespace && kind != Self.fifo {
            guard let source = HostNode.find(kind, major, minor, preferring: device.path) else {
                throw ContainerError(
                    .refusedByHost,
                    "linux.devices: \(device.path): in a user namespace devices are the host's, which has no node "
                        + "\(device.type) \(major):\(minor) in /dev")
            }
            return list.add(VIV_STEP_BIND, "bind the device \(source) to \(device.path)") { step in
                step.path = StepList.text(device.path)
                step.source = StepList.text(source)
                step.number = Int32(VIV_BIND_FILE)
            }
        }
        list.add(VIV_STEP_DEVICE, "make the device \(device.path)") { step in
            step.path = StepList.text(device.path)
            step.mode = kind | (device.fileMode ?? 0o666) & 0o7777
            step.value = viv_device(major, minor)
            step.flags = UInt64(device.uid ?? 0) << 32 | UInt64(device.gid ?? 0)
        }
    }

    /// Last before the root is entered: what must not be seen or written.
    func addProtection(to list: inout StepList) {
        for path in spec.linux?.readonlyPaths ?? [] {
            list.add(VIV_STEP_READ_ONLY, "make \(path) read-only") { step in
                step.path = StepList.text(path)
                step.attributes_set = 1
            }
        }
        for path in spec.linux?.maskedPaths ?? [] {
            list.add(VIV_STEP_MASK, "mask \(path)") { step in
                step.path = StepList.text(path)
                step.text = StepList.text("")
            }
        }
        if let device = mounts.first(where: { Self.clean($0.destination) == "/dev" }),
            MountOptions(device.options ?? []).flags & 1 != 0
        {
            list.add(VIV_STEP_ATTRIBUTES, "make /dev read-only") { step in
                step.path = StepList.text("/dev")
                step.attributes_set = 1
            }
        }
        guard spec.root?.readonly ?? false else { return }
        list.add(VIV_STEP_ATTRIBUTES, "make the root file system read-only") { step in
            step.path = StepList.text("/")
            step.attributes_set = 1
        }
    }
}
