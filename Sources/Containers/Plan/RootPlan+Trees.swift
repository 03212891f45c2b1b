import CLinux
import Glibc
import Host

extension RootPlan {
    /// Copies trees that the container's own root could not reach, and maps ids of those that ask for it: both need rights
    /// over the host that the container's process does not have.
    mutating func prepareTrees(isPrivileged: Bool) throws(ContainerError) {
        for (position, mount) in mounts.enumerated() {
            let options = MountOptions(mount.options ?? [])
            guard options.isBind || mount.type == "bind", let given = mount.source else { continue }
            let source = given.hasPrefix("/") ? given : "\(bundle)/\(given)"
            let isMapped = options.mapsIDs || mount.uidMappings?.isEmpty == false
            guard isMapped || isPrivileged else { continue }
            let tree = viv_open_tree(source, options.isRecursive)
            guard tree >= 0 else {
                throw ContainerError(
                    .notFound, SystemError("mount \(source) to \(mount.destination)").description)
            }
            trees[position] = tree
            if isMapped { userNamespaces[position] = try mapped(mount) }
        }
    }

    /// A user namespace with the mount's mappings, or the container's.
    private func mapped(_ mount: RuntimeSpec.Mount) throws(ContainerError) -> Int32 {
        let users = mount.uidMappings ?? spec.linux?.uidMappings ?? []
        let groups = mount.gidMappings ?? spec.linux?.gidMappings ?? []
        var list = StepList()
        list.add(VIV_STEP_WAIT, "wait for the runtime") { $0.number = Int32(UInt8(ascii: "x")) }
        let launch = try Launch(list, stageCount: 0, namespaces: NamespacePlan.Kind.user.flag, cgroup: -1)
        defer { launch.abandon() }
        try IdentityMaps.write(users, groups, of: launch.process)
        let descriptor = viv_open("/proc/\(launch.process)/ns/user", O_RDONLY | O_CLOEXEC, 0)
        guard descriptor >= 0 else {
            throw ContainerError(.system, SystemError("open a user namespace").description)
        }
        return descriptor
    }
}
