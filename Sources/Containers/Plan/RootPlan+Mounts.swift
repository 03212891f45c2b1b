import CLinux
import Glibc
import Host

extension RootPlan {
    /// All mounts in order.
    func addMounts(to list: inout StepList) throws(ContainerError) {
        for (position, mount) in mounts.enumerated() where !(position == 0 && hasOverlayRoot) {
            guard !mount.destination.isEmpty else {
                throw ContainerError(.invalid, "mounts: a destination is empty")
            }
            let options = MountOptions(mount.options ?? [])
            if options.isBind || mount.type == "bind" {
                try addBind(mount, options, position, to: &list)
            } else if mount.type == "cgroup" || mount.type == "cgroup2" {
                addCgroups(mount, options, to: &list)
            } else if mount.type == "sysfs", hasUserNamespace, !hasOwnNetwork {
                // A sysfs belongs to a network namespace: without one of its own, the container gets the host's.
                try addBind(
                    Self.host(mount, "/sys"), MountOptions(["rbind", "rro"] + (mount.options ?? [])),
                    position,
                    to: &list)
            } else if mount.type == "proc", hasUserNamespace, !has("pid") {
                // A user namespace may show the processes of a namespace of its own only.
                try addBind(
                    Self.host(mount, "/proc"), MountOptions(["rbind"] + (mount.options ?? [])), position,
                    to: &list)
            } else {
                addFileSystem(mount, options, to: &list)
            }
        }
    }

    private func has(_ namespace: String) -> Bool {
        spec.linux?.namespaces?.contains { $0.type == namespace } ?? false
    }

    private var hasOwnNetwork: Bool {
        spec.linux?.namespaces?.contains { $0.type == "network" && $0.path?.isEmpty ?? true } ?? false
    }

    private static func host(_ mount: RuntimeSpec.Mount, _ source: String) -> RuntimeSpec.Mount {
        var mount = mount
        mount.source = source
        return mount
    }

    /// The group of terminals must exist in the container's user namespace.
    private func isMapped(_ option: String) -> Bool {
        guard hasUserNamespace, option.hasPrefix("gid="), let group = UInt32(option.dropFirst(4)) else {
            return true
        }
        guard let mappings = spec.linux?.gidMappings, !mappings.isEmpty else {
            return HostProcess.mapsGroup(group)
        }
        return mappings.contains {
            $0.containerID <= group && UInt64(group) < UInt64($0.containerID) + UInt64($0.size)
        }
    }

    private func addFileSystem(_ mount: RuntimeSpec.Mount, _ options: MountOptions, to list: inout StepList) {
        let type = mount.type ?? "none"
        if options.copiesUp && type == "tmpfs" {
            list.add(VIV_STEP_COPY_UP, "read \(mount.destination)") {
                $0.path = StepList.text(mount.destination)
            }
        }
        // A read-only /dev must take devices and mount points first.
        let isLate = Self.clean(mount.destination) == "/dev"
        list.add(VIV_STEP_MOUNT, "mount \(type) at \(mount.destination)") { step in
            step.path = StepList.text(mount.destination)
            step.source = StepList.text(mount.source ?? type)
            step.type = StepList.text(type)
            step.flags = UInt64(isLate ? options.flags & ~1 : options.flags)
            step.text = StepList.text(data(of: type, options))
            step.propagation = UInt64(options.propagation)
            step.number = type == "proc" || type == "sysfs" ? Int32(VIV_BIND_NO_LINKS) : 0
        }
    }

    /// Labels of the host's SELinux go into the options of file systems that take them.
    private func data(of type: String, _ options: MountOptions) -> String {
        var data = type == "devpts" ? options.data.filter(isMapped) : options.data
        if let label = spec.linux?.mountLabel, !label.isEmpty, type != "proc", type != "sysfs",
            HostSecurity.hasSELinux
        {
            data.append("context=\"\(label)\"")
        }
        return data.joined(separator: ",")
    }

    private func addBind(
        _ mount: RuntimeSpec.Mount, _ options: MountOptions, _ position: Int, to list: inout StepList
    ) throws(ContainerError) {
        guard let given = mount.source, !given.isEmpty else {
            throw ContainerError(.invalid, "mounts: the bind mount at \(mount.destination) has no source")
        }
        let source = given.hasPrefix("/") ? given : "\(bundle)/\(given)"
        var status = stat()
        guard stat(source, &status) == 0 || errno == EACCES else {
            throw ContainerError(
                .notFound, SystemError("mount \(source) to \(mount.destination)").description)
        }
        var number = options.isRecursive ? VIV_BIND_RECURSIVE : 0
        if status.st_mode & S_IFMT != S_IFDIR { number |= VIV_BIND_FILE }
        list.add(VIV_STEP_BIND, "bind \(source) to \(mount.destination)") { step in
            step.path = StepList.text(mount.destination)
            step.source = StepList.text(source)
            step.fd = trees[position] ?? -1
            step.number = Int32(number)
            step.attributes_set = options.set
            step.attributes_clear = options.cleared
            step.user_namespace = userNamespaces[position] ?? -1
            if !options.propagatesBelow { step.propagation = UInt64(options.propagation) }
        }
        addRecursive(mount, options, to: &list)
    }

    /// What holds for submounts, too: `rro`, `rslave`…
    private func addRecursive(_ mount: RuntimeSpec.Mount, _ options: MountOptions, to list: inout StepList) {
        let below = options.propagatesBelow ? UInt64(options.propagation) : 0
        guard options.setBelow | options.clearedBelow | below != 0 else { return }
        list.add(VIV_STEP_ATTRIBUTES, "set the attributes of the mounts at \(mount.destination)") { step in
            step.path = StepList.text(mount.destination)
            step.number = Int32(VIV_BIND_ATTRIBUTES_RECURSIVE)
            step.attributes_set = options.setBelow
            step.attributes_clear = options.clearedBelow
            step.propagation = below
        }
    }

    /// The container's own groups, and nothing above them: seen from its control group namespace, these are the roots.
    private func addCgroups(_ mount: RuntimeSpec.Mount, _ options: MountOptions, to list: inout StepList) {
        let target = mount.destination
        if isUnified {
            return addCgroup(cgroupPaths[""] ?? "/sys/fs/cgroup", at: target, options, to: &list)
        }
        list.add(VIV_STEP_MOUNT, "mount \(target)") { step in
            step.path = StepList.text(target)
            step.source = StepList.text("tmpfs")
            step.type = StepList.text("tmpfs")
            step.flags = UInt64(options.flags & ~1)
            step.text = StepList.text("mode=755")
        }
        for (controller, folder) in cgroupPaths.sorted(by: { $0.key < $1.key }) {
            let name = controller.isEmpty ? "unified" : Self.hierarchyName(folder, controller)
            addCgroup(folder, at: "\(target)/\(name)", options, to: &list)
            if name != controller, name != "unified" { addLink("\(target)/\(controller)", name, to: &list) }
        }
        guard options.flags & 1 != 0 else { return }
        list.add(VIV_STEP_ATTRIBUTES, "make \(target) read-only") { step in
            step.path = StepList.text(target)
            step.attributes_set = 1
        }
    }

    /// The folder of the hierarchy, such as `cpu,cpuacct`: several controllers may share one.
    private static func hierarchyName(_ folder: String, _ controller: String) -> String {
        let parts = folder.split(separator: "/")
        return parts.first { $0.split(separator: ",").contains(Substring(controller)) }.map(String.init)
            ?? controller
    }

    private func addCgroup(
        _ folder: String, at path: String, _ options: MountOptions, to list: inout StepList
    ) {
        list.add(VIV_STEP_BIND, "mount the control group \(folder)") { step in
            step.path = StepList.text(path)
            step.source = StepList.text(folder)
            step.attributes_set = options.set
            step.number = Int32(VIV_BIND_OPTIONAL)
        }
    }

    func addLink(_ path: String, _ target: String, to list: inout StepList) {
        list.add(VIV_STEP_SYMLINK, "make the link \(path)") { step in
            step.path = StepList.text(path)
            step.text = StepList.text(target)
        }
    }
}
