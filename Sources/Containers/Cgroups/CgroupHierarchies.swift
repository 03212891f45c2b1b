import CLinux
import Glibc

/// Where the host's control groups are mounted: v1 hierarchies, v2, or both (hybrid).
struct CgroupHierarchies {
    /// Mount points of v1 by controller.
    private(set) var controllers: [String: String] = [:]
    /// Mount point of v2.
    private(set) var unified: String?
    /// This process's own groups, by controller; `""` is v2.
    private(set) var own: [String: String] = [:]

    /// Whether every controller is v2's.
    var isUnified: Bool { controllers.isEmpty && unified != nil }

    /// Controllers of v1 that containers are put into.
    static let known = [
        "cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "hugetlb", "net_cls",
        "net_prio",
        "perf_event", "rdma", "misc",
    ]

    init(mounts: [MountTable.Entry], ownGroups: [Substring]) {
        for mount in mounts where mount.path.hasPrefix("/sys/fs/cgroup") {
            if mount.type == "cgroup2", unified == nil { unified = mount.path }
            guard mount.type == "cgroup" else { continue }
            for option in mount.options where Self.known.contains(String(option)) {
                if controllers[String(option)] == nil { controllers[String(option)] = mount.path }
            }
        }
        for line in ownGroups {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            for controller in parts[1].split(separator: ",") { own[String(controller)] = String(parts[2]) }
            if parts[1].isEmpty { own[""] = String(parts[2]) }
        }
    }

    static func ofHost() -> CgroupHierarchies {
        CgroupHierarchies(mounts: MountTable.read(), ownGroups: CgroupFile.lines("/proc/self", "cgroup"))
    }

    /// The folder of group `path` in each hierarchy.
    ///
    /// - Parameter path: absolute: below the mounts. Relative: below this process's own group.
    func folders(of path: String) -> [String: String] {
        var result: [String: String] = [:]
        for (controller, mount) in controllers {
            result[controller] = Self.folder(mount, own[controller], path)
        }
        if let unified { result[""] = Self.folder(unified, own[""], path) }
        return result
    }

    private static func folder(_ mount: String, _ own: String?, _ path: String) -> String {
        let parts = path.split(separator: "/").filter { $0 != "." && $0 != ".." }
        let base = path.hasPrefix("/") || own == nil || own == "/" ? mount : mount + (own ?? "")
        return ([base] + parts.map(String.init)).joined(separator: "/")
    }

    /// The mount point that `folder` lies below.
    func mountPoint(of controller: String) -> String? {
        controller.isEmpty ? unified : controllers[controller]
    }
}
