import CLinux
import Glibc
import Host

/// The steps that make a container's file tree.
struct RootPlan {
    let spec: RuntimeSpec
    /// Absolute path of the folder that becomes the root.
    let root: String
    /// Absolute path of the folder of config.json.
    let bundle: String
    /// Whether the container has a user namespace: devices are bound then, not made.
    let hasUserNamespace: Bool
    /// Copies of host trees, made by the runtime where the container's own root could not reach them.
    var trees: [Int: Int32] = [:]
    /// A user namespace for an idmapped mount, by position.
    var userNamespaces: [Int: Int32] = [:]
    /// Folders of the container's control groups; `""` is cgroup v2.
    let cgroupPaths: [String: String]
    /// Whether all groups are v2.
    let isUnified: Bool

    var mounts: [RuntimeSpec.Mount] { spec.mounts ?? [] }

    /// Whether the first mount makes the root itself (an extension).
    var hasOverlayRoot: Bool { mounts.first.map { $0.destination == "/" && $0.type == "overlay" } ?? false }

    /// Whether something of the host's covers /dev: devices are the host's then.
    var hasHostDevices: Bool {
        mounts.contains { Self.clean($0.destination) == "/dev" && MountOptions($0.options ?? []).isBind }
    }

    /// `/a//b/` as `/a/b`.
    static func clean(_ path: String) -> String {
        "/" + path.split(separator: "/").joined(separator: "/")
    }

    /// Opens the root; every later step works inside it.
    func addRoot(to list: inout StepList) throws(ContainerError) {
        let shared = ["shared", "rshared"].contains(spec.linux?.rootfsPropagation ?? "")
        let flags: UInt = try Self.propagation(spec.linux?.rootfsPropagation) ?? 0x8_4000
        list.add(VIV_STEP_PROPAGATION, "change the propagation of mounts") { step in
            step.path = StepList.text("/")
            step.flags = UInt64(flags)
        }
        if shared {
            let parent = Self.mountPoint(of: root)
            list.add(VIV_STEP_PROPAGATION, "make the mount \(parent) private") { step in
                step.path = StepList.text(parent)
                step.flags = 1 << 18
            }
        }
        if hasOverlayRoot {
            addOverlay(to: &list)
        } else {
            list.add(VIV_STEP_ROOT_BIND, "bind the root file system \(root)") {
                $0.path = StepList.text(root)
            }
        }
        list.add(VIV_STEP_ROOT_OPEN, "open the root file system \(root)") { $0.path = StepList.text(root) }
    }

    /// Flags of mount(2); MS_REC is in the names that begin with r.
    static func propagation(_ name: String?) throws(ContainerError) -> UInt? {
        switch name ?? "" {
        case "": nil
        case "private": 1 << 18
        case "rprivate": 1 << 18 | 0x4000
        case "slave": 1 << 19
        case "rslave": 1 << 19 | 0x4000
        case "shared": 1 << 20
        case "rshared": 1 << 20 | 0x4000
        case "unbindable": 1 << 17
        case "runbindable": 1 << 17 | 0x4000
        default: throw ContainerError(.invalid, "linux.rootfsPropagation: unknown value \"\(name ?? "")\"")
        }
    }

    /// The longest of the mount points above `path`.
    static func mountPoint(of path: String) -> String {
        let points = CgroupFile.lines("/proc/self", "mountinfo").compactMap { line -> String? in
            let words = line.split(separator: " ")
            return words.count > 4 ? MountTable.unescaped(words[4]) : nil
        }
        return points.filter { $0 == "/" || path == $0 || path.hasPrefix($0 + "/") }.max {
            $0.count < $1.count
        } ?? "/"
    }

    /// Options of one mount(2) fit into a page.
    private static let longestData = 4000

    private func addOverlay(to list: inout StepList) {
        let options = MountOptions(mounts[0].options ?? [])
        let data = options.data.joined(separator: ",")
        let source = mounts[0].source ?? "overlay"
        let kind = data.utf8.count <= Self.longestData ? VIV_STEP_ROOT_MOUNT : VIV_STEP_ROOT_LAYERS
        list.add(kind, "mount the layers of the root file system") { step in
            step.path = StepList.text(root)
            step.type = StepList.text("overlay")
            step.source = StepList.text(source)
            step.flags = UInt64(options.flags)
            step.attributes_set = options.set
            step.text = StepList.text(data)
            if kind == VIV_STEP_ROOT_LAYERS { step.list = StepList.list(Self.pairs(options.data)) }
        }
    }

    /// Keys and values for fsconfig; lower layers one by one.
    static func pairs(_ data: [String]) -> [String] {
        data.flatMap { option -> [String] in
            guard let equals = option.firstIndex(of: "=") else { return [option, ""] }
            let key = String(option[..<equals])
            let value = option[option.index(after: equals)...]
            guard key == "lowerdir" else { return [key, String(value)] }
            return value.split(separator: ":").flatMap { ["lowerdir+", String($0)] }
        }
    }
}
