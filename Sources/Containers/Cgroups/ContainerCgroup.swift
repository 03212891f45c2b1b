import CLinux
import Glibc
import Host

/// The control groups of one container, in all hierarchies that the host has.
struct ContainerCgroup {
    /// By controller; `""` is cgroup v2.
    private(set) var folders: [String: String]

    init(folders: [String: String]) { self.folders = folders }

    private var unified: String? { folders[""] }
    var isUnified: Bool { unified != nil && folders.count == 1 }

    /// Makes the groups. Without privilege, those that cannot be made are left out.
    ///
    /// - Throws: `.refusedByHost` when a group cannot be made and `isNeeded`.
    static func create(
        path: String, hierarchies: CgroupHierarchies, isNeeded: Bool
    ) throws(ContainerError) -> ContainerCgroup {
        var made: [String: String] = [:]
        for (controller, folder) in hierarchies.folders(of: path) {
            let mount = hierarchies.mountPoint(of: controller) ?? "/"
            do {
                try makeFolders(folder, below: mount, controller: controller)
                // Beside v1 the one of v2 is for tracking and killing only: its controllers are left to the host.
                if hierarchies.isUnified { enableControllers(above: folder) }
                made[controller] = folder
            } catch {
                let isWithheld = [EACCES, EPERM, EROFS, ENOENT].contains(error.code)
                if isWithheld, !isNeeded { continue }
                try? ContainerCgroup(folders: made).remove()
                throw ContainerError(isWithheld ? .refusedByHost : .system, error.description)
            }
        }
        return ContainerCgroup(folders: made)
    }

    /// Whatever is in these groups would be killed with the container: they must be nobody else's.
    ///
    /// - Throws: `.invalid` for a hierarchy's root, `.conflict` for a group in use.
    static func checkUnused(_ folders: [String: String], path: String) throws(ContainerError) {
        guard path.split(separator: "/").contains(where: { $0 != "." && $0 != ".." }) else {
            throw ContainerError(.invalid, "linux.cgroupsPath \"\(path)\" is the root of all control groups")
        }
        for folder in folders.values where access(folder, F_OK) == 0 {
            // A process that is put there would stand still before it could say anything.
            guard !ContainerCgroup(folders: ["freezer": folder]).isFrozen,
                CgroupFile.text(folder, "cgroup.freeze") != "1"
            else {
                throw ContainerError(.conflict, "container's cgroup unexpectedly frozen: \(folder)")
            }
            let busy = groups(below: folder).contains { !CgroupFile.lines($0, "cgroup.procs").isEmpty }
            guard !busy else {
                throw ContainerError(.conflict, "container's cgroup is not empty: \(folder) has processes")
            }
        }
    }

    private static func makeFolders(_ folder: String, below mount: String, controller: String)
        throws(SystemError)
    {
        if mkdir(folder, 0o755) == 0 || errno == EEXIST {
            return try prepare(folder, below: mount, controller: controller)
        }
        guard errno == ENOENT, folder.count > mount.count, let slash = folder.lastIndex(of: "/") else {
            throw SystemError("make the control group \(folder)")
        }
        try makeFolders(String(folder[..<slash]), below: mount, controller: controller)
        try checked("make the control group \(folder)") { mkdir(folder, 0o755) }
        try prepare(folder, below: mount, controller: controller)
    }

    /// A new group of cpuset has no processors and takes no process (cpuset(7)); nor has one above it, if whoever made
    /// that one gave it none.
    private static func prepare(_ folder: String, below mount: String, controller: String) throws(SystemError)
    {
        guard controller == "cpuset", folder.count > mount.count, let slash = folder.lastIndex(of: "/") else {
            return
        }
        let parent = String(folder[..<slash])
        if CgroupFile.text(parent, "cpuset.cpus")?.isEmpty ?? true {
            try prepare(parent, below: mount, controller: controller)
        }
        for file in ["cpuset.cpus", "cpuset.mems"] where CgroupFile.text(folder, file)?.isEmpty ?? true {
            guard let value = CgroupFile.text(parent, file), !value.isEmpty else { continue }
            try CgroupFile.write("\(folder)/\(file)", value)
        }
    }

    /// A group of v2 has the controllers that its parent hands down.
    private static func enableControllers(above folder: String) {
        guard let slash = folder.lastIndex(of: "/") else { return }
        let parent = String(folder[..<slash])
        let available = CgroupFile.text(parent, "cgroup.controllers")?.split(separator: " ") ?? []
        let enabled = Set(CgroupFile.text(parent, "cgroup.subtree_control")?.split(separator: " ") ?? [])
        // One by one: a controller that cannot be handed down must not keep the others back.
        for controller in available where !enabled.contains(controller) {
            try? CgroupFile.write("\(parent)/cgroup.subtree_control", "+\(controller)")
        }
    }

    /// The groups that a further process goes to.
    ///
    /// - Parameter subgroups: `path`, or `controller,controller:path` of v1.
    /// - Throws: `.invalid` for a path that leads out or a controller that the host has not, `.notFound` for no group.
    func below(_ subgroups: [String]) throws(ContainerError) -> ContainerCgroup {
        var result = self
        for subgroup in subgroups {
            let parts = subgroup.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let path = String(parts.last ?? "")
            let names = parts.count == 2 ? parts[0].split(separator: ",").map(String.init) : []
            guard !path.split(separator: "/").contains("..") else {
                throw ContainerError(.invalid, "invalid --cgroup: \(path) is not a sub cgroup path")
            }
            if let unknown = names.first(where: { folders[$0] == nil }) {
                throw ContainerError(.invalid, "invalid --cgroup: unknown controller \(unknown)")
            }
            let inner = path.split(separator: "/").map { "/\($0)" }.joined()
            for (controller, folder) in folders where names.isEmpty || names.contains(controller) {
                let target = folder + inner
                guard access(target, F_OK) == 0 else {
                    // Without controllers named, v1 has subgroups where somebody made them; v2 is for tracking only.
                    if names.isEmpty, controller.isEmpty, !isUnified { continue }
                    throw ContainerError(
                        .notFound, "error adding pid to \(target)/cgroup.procs: no such file or directory")
                }
                result.folders[controller] = target
            }
        }
        return result
    }

    /// The folder of v2 for clone3, or -1.
    func openUnified() -> Int32 {
        unified.map { viv_open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0) } ?? -1
    }

    /// Moves a process into the groups of v1; it was born in the one of v2.
    ///
    /// - Parameter includingUnified: when it was not.
    func add(_ process: pid_t, includingUnified: Bool) throws(SystemError) {
        for (controller, folder) in folders where includingUnified || !controller.isEmpty {
            try CgroupFile.write("\(folder)/cgroup.procs", String(process))
        }
    }

    /// Leaves a hierarchy to the host: this user may make a group there, but no process may go into it.
    mutating func forget(_ controller: String) {
        guard let folder = folders.removeValue(forKey: controller) else { return }
        rmdir(folder)
    }

    /// Processes in the group, those of groups below it as well.
    func processes() -> [pid_t] {
        guard let folder = unified ?? folders["pids"] ?? folders["freezer"] ?? folders.values.first else {
            return []
        }
        return Self.groups(below: folder).flatMap { group in
            CgroupFile.lines(group, "cgroup.procs").compactMap { pid_t($0) }
        }
    }

    /// The folder and all below it, deepest last.
    static func groups(below folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var result = [folder]
        while let entry = readdir(stream) {
            guard entry.pointee.d_type == UInt8(DT_DIR) else { continue }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { result += groups(below: "\(folder)/\(name)") }
        }
        return result
    }

    /// Sends a signal to every process of the groups.
    func kill(_ signal: Int32) {
        if signal == SIGKILL, let unified, (try? CgroupFile.write("\(unified)/cgroup.kill", "1")) != nil {
            return
        }
        for process in processes() { _ = Glibc.kill(process, signal) }
    }

    /// Stops or continues all processes, and waits until they are.
    func freeze(_ frozen: Bool) throws(ContainerError) {
        do {
            if let unified {
                try CgroupFile.write("\(unified)/cgroup.freeze", frozen ? "1" : "0")
                return wait { CgroupFile.pairs(unified, "cgroup.events")["frozen"] == (frozen ? 1 : 0) }
            }
            guard let folder = folders["freezer"] else {
                throw ContainerError(.refusedByHost, "the host has no freezer: containers cannot be paused")
            }
            let state = frozen ? "FROZEN" : "THAWED"
            try CgroupFile.write("\(folder)/freezer.state", state)
            wait { CgroupFile.text(folder, "freezer.state") == state }
        } catch let error as SystemError {
            throw ContainerError(.system, error.description)
        } catch let error as ContainerError {
            throw error
        } catch {
            throw ContainerError(.system, "\(error)")
        }
    }

    /// Thaws the group of v1 that a process was put into by somebody else: frozen, it could not even be killed.
    static func thaw(_ process: pid_t) {
        let hierarchies = CgroupHierarchies(
            mounts: MountTable.read(), ownGroups: CgroupFile.lines("/proc/\(process)", "cgroup"))
        guard let mount = hierarchies.controllers["freezer"], let group = hierarchies.own["freezer"] else {
            return
        }
        let folder = mount + group
        guard CgroupFile.text(folder, "freezer.state") != "THAWED" else { return }
        try? CgroupFile.write("\(folder)/freezer.state", "THAWED")
    }

    var isFrozen: Bool {
        if let unified { return CgroupFile.text(unified, "cgroup.freeze") == "1" }
        return folders["freezer"].flatMap { CgroupFile.text($0, "freezer.state") }.map { $0 != "THAWED" }
            ?? false
    }

    private func wait(until condition: () -> Bool) {
        for _ in 0..<2000 where !condition() { usleep(500) }
    }

    /// Removes the groups. Processes that are just dying keep them for a moment.
    func remove() throws(SystemError) {
        for folder in folders.values where rmdir(folder) != 0 {
            for group in Self.groups(below: folder).reversed() { try Self.remove(group) }
        }
    }

    private static func remove(_ folder: String) throws(SystemError) {
        var pause: useconds_t = 100
        while rmdir(folder) != 0 {
            if errno == ENOENT { return }
            guard errno == EBUSY, pause < 400_000 else {
                throw SystemError("remove the control group \(folder)")
            }
            usleep(pause)
            pause *= 2
        }
    }
}
