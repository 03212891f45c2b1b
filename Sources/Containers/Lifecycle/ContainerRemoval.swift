import CLinux
import Glibc
import Host

/// Removes a container: its processes, groups and state, also what a killed runtime left half made.
enum ContainerRemoval {
    /// - Parameters:
    ///   - isForced: whether a running container is killed, and a missing one no error.
    ///   - bundle: where it was read already.
    /// - Returns: warnings.
    static func run(id: String, layout: RuntimeLayout, isForced: Bool, bundle: Bundle? = nil)
        throws(ContainerError) -> [String]
    {
        let folder: StateFolder
        do { folder = try StateFolder.open(id: id, layout: layout) } catch {
            if isForced, error.kind == .notFound { return [] }
            throw error
        }
        guard let state = try? folder.read() else {
            guard isForced || access(layout.state(of: id), F_OK) != 0 else {
                throw ContainerError(
                    .system, "the state of container \(id) is damaged: delete --force removes it")
            }
            try folder.remove()
            return []
        }
        let status = state.status(layout: layout)
        guard isForced || status == .stopped || status == .created else {
            throw ContainerError(
                .conflict, "cannot delete container \(id) that is not stopped: \(status.rawValue)")
        }
        let cgroup = ContainerCgroup(folders: state.cgroupPaths)
        if status != .stopped || isForced { end(state, cgroup, wasPaused: status == .paused) }
        do { try cgroup.remove() } catch { throw ContainerError(.system, error.description) }
        // The root may be gone; then nobody can say what the hooks were.
        let hooks = (bundle ?? (try? Bundle(of: state, layout: layout)))?.spec.hooks
        try folder.remove()
        return HookRun.runAll(hooks?.poststop, named: "poststop", state: state.description(status: .stopped))
    }

    private static func end(_ state: ContainerState, _ cgroup: ContainerCgroup, wasPaused: Bool) {
        let pidfd = state.openProcess()
        if pidfd != nil { kill(state.processID, SIGKILL) }
        cgroup.kill(SIGKILL)
        if wasPaused { try? cgroup.freeze(false) }
        if pidfd != nil { ContainerCgroup.thaw(state.processID) }
        guard let pidfd else { return }
        defer { close(pidfd) }
        var slot = pollfd(fd: pidfd, events: Int16(POLLIN), revents: 0)
        poll(&slot, 1, 10_000)
    }
}
