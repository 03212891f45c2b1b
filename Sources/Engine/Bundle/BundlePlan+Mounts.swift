import Containers
import Glibc
import Model

// What the container sees of the host's files.
extension BundlePlan {
    func mounts() -> [RuntimeSpec.Mount] {
        let wanted = userMounts
        let targets = Set(wanted.map(\.destination))
        let usual = (systemMounts + etcMounts + initMount).filter { !targets.contains($0.destination) }
        return [rootMount] + usual + wanted
    }

    /// The image's layers and the container's own changes. The runtime makes it in the container's own namespace, so
    /// that nothing has to be unmounted, come what may.
    private var rootMount: RuntimeSpec.Mount {
        Self.overlay(lower: layers, upper: folder.upper, work: folder.work, isRootless: isRootless)
    }

    static func overlay(
        lower: [String], upper: String, work: String, isRootless: Bool
    ) -> RuntimeSpec.Mount {
        var options = ["lowerdir=\(LowerFolders.option(lower))", "upperdir=\(upper)", "workdir=\(work)"]
        options += ["index=off", "metacopy=off"]
        if isRootless { options.append("userxattr") }
        return RuntimeSpec.Mount(destination: "/", type: "overlay", source: "overlay", options: options)
    }

    private var systemMounts: [RuntimeSpec.Mount] {
        var mounts = DefaultProfile.mounts(sharedMemorySize: spec.sharedMemorySize)
        if spec.isPrivileged {
            for index in mounts.indices where mounts[index].destination.hasPrefix("/sys") {
                mounts[index].options = mounts[index].options?.filter { $0 != "ro" }
            }
        }
        let source = sharedMemorySource
        if source != nil || spec.ipcMode == "none" {
            mounts.removeAll { $0.destination == "/dev/shm" }
        }
        if let source {
            mounts.append(Self.bind(source, "/dev/shm", ["rbind"]))
        }
        if spec.ipcMode == "host" { mounts.removeAll { $0.destination == "/dev/mqueue" } }
        if spec.ipcMode == "host", access("/dev/mqueue", F_OK) == 0 {
            mounts.append(Self.bind("/dev/mqueue", "/dev/mqueue", ["rbind"]))
        }
        // Only who owns the network namespace may mount its /sys.
        if isRootless, spec.network.mode == "host" {
            mounts.removeAll { $0.destination == "/sys" }
            let options = ["rbind", "nosuid", "noexec", "nodev", "ro"]
            let index = mounts.firstIndex { $0.destination == "/sys/fs/cgroup" } ?? mounts.endIndex
            mounts.insert(Self.bind("/sys", "/sys", options), at: index)
        }
        return mounts
    }

    /// Where /dev/shm comes from when it is not the container's own.
    private var sharedMemorySource: String? {
        if spec.ipcMode == "host" { return "/dev/shm" }
        return joined["ipc"].map { "/proc/\($0)/root" + "/dev/shm" }
    }

    private var etcMounts: [RuntimeSpec.Mount] {
        etc.sorted { $0.key < $1.key }.map { target, source in
            Self.bind(source, target, ["rbind", "rprivate"] + (spec.hasReadOnlyRoot ? ["ro"] : []))
        }
    }

    private var initMount: [RuntimeSpec.Mount] {
        spec.usesInit ? [Self.bind(initProgram, Self.initPath, ["bind", "ro"])] : []
    }

    /// In the order of their depth, so that none hides another.
    private var userMounts: [RuntimeSpec.Mount] {
        let specs = Dictionary(spec.mounts.map { (PathText.clean($0.target), $0) }) { first, _ in first }
        return instance.mounts.map { mount in userMount(mount, specs[mount.target]) }
            .sorted { Self.depth($0.destination) < Self.depth($1.destination) }
    }

    private static func depth(_ path: String) -> Int { path.split(separator: "/").count }

    private func userMount(_ mount: ResolvedMount, _ spec: MountSpec?) -> RuntimeSpec.Mount {
        if mount.kind == .tmpfs { return Self.temporary(mount, spec) }
        if var special = specialMounts[mount.target] {
            if mount.isReadOnly, mount.kind == .volume { special.options = (special.options ?? []) + ["ro"] }
            return special
        }
        var options = [spec?.isNonRecursive == true ? "bind" : "rbind"]
        options.append(mount.isReadOnly ? "ro" : "rw")
        options.append(mount.propagation.isEmpty ? "rprivate" : mount.propagation)
        return Self.bind(mount.source, mount.target, options + (spec?.options ?? []))
    }

    private static func temporary(_ mount: ResolvedMount, _ spec: MountSpec?) -> RuntimeSpec.Mount {
        let given = spec?.options ?? []
        var options = ["noexec", "nosuid", "nodev"].filter { !given.contains(String($0.dropFirst(2))) }
        if let size = spec?.tmpfsSize { options.append("size=\(size)") }
        if let mode = spec?.tmpfsMode { options.append("mode=\(String(mode, radix: 8))") }
        if mount.isReadOnly { options.append("ro") }
        return RuntimeSpec.Mount(
            destination: mount.target, type: "tmpfs", source: "tmpfs", options: options + given)
    }

    static func bind(_ source: String, _ target: String, _ options: [String]) -> RuntimeSpec.Mount {
        RuntimeSpec.Mount(destination: target, type: "bind", source: source, options: options)
    }
}
