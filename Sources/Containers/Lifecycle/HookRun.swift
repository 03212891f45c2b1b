import CLinux
import Glibc
import Host

/// Runs hooks outside the container (§ POSIX-platform Hooks).
enum HookRun {
    /// Runs all in order; each gets `state` on its standard input.
    ///
    /// - Throws: `.system` at the first that fails.
    static func run(_ hooks: [RuntimeSpec.Hook]?, named name: String, state: JSONValue) throws(ContainerError)
    {
        for (position, hook) in (hooks ?? []).enumerated() {
            if let failure = try run(hook, state: state.description) {
                throw ContainerError(
                    .system, "error running \(name) hook #\(position): \(hook.path) \(failure)")
            }
        }
    }

    /// Runs all in order, whatever becomes of them: what fails after the start and after the end is a warning
    /// (§ Lifecycle).
    ///
    /// - Returns: warnings.
    static func runAll(_ hooks: [RuntimeSpec.Hook]?, named name: String, state: JSONValue) -> [String] {
        var warnings: [String] = []
        for hook in hooks ?? [] {
            do { try run([hook], named: name, state: state) } catch { warnings.append(error.description) }
        }
        return warnings
    }

    /// What went wrong, if anything.
    private static func run(_ hook: RuntimeSpec.Hook, state: String) throws(ContainerError) -> String? {
        guard hook.path.hasPrefix("/") else {
            throw ContainerError(.invalid, "hooks: the path \(hook.path) is not absolute")
        }
        var ends: (Int32, Int32) = (-1, -1)
        let made = withUnsafeMutableBytes(of: &ends) {
            viv_socket_pair(Int32(SOCK_STREAM.rawValue), $0.assumingMemoryBound(to: Int32.self).baseAddress)
        }
        guard made == 0 else {
            throw ContainerError(.system, SystemError("make a pair of sockets").description)
        }
        defer { close(ends.0) }
        var process: pid_t = 0
        let failure = spawn(hook, input: ends.1, &process)
        close(ends.1)
        guard failure == 0 else { return String(cString: strerror(failure)) }
        Array(state.utf8).withUnsafeBytes { _ = send(ends.0, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        shutdown(ends.0, Int32(SHUT_WR))
        return wait(process, seconds: hook.timeout)
    }

    private static func spawn(_ hook: RuntimeSpec.Hook, input: Int32, _ process: inout pid_t) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        var arguments = (hook.args ?? [hook.path]).map { strdup($0) } + [nil]
        // Without an environment of its own a hook gets the runtime's.
        var environment = (hook.env ?? HostProcess.environment).map { strdup($0) } + [nil]
        defer { for pointer in arguments + environment { free(pointer) } }
        return posix_spawn(&process, hook.path, &actions, nil, &arguments, &environment)
    }

    private static func wait(_ process: pid_t, seconds: Int?) -> String? {
        var status: Int32 = 0
        let pidfd = viv_pidfd_open(process)
        defer { close(pidfd) }
        var slot = pollfd(fd: pidfd, events: Int16(POLLIN), revents: 0)
        let limit = seconds.flatMap { $0 > 0 ? Int32(clamping: $0 &* 1000) : nil } ?? -1
        while poll(&slot, 1, limit) == -1 && errno == EINTR {}
        let isLate = slot.revents == 0
        if isLate { kill(process, SIGKILL) }
        while viv_wait(process, &status, 0) < 0 && errno == EINTR {}
        if isLate { return "did not end within \(seconds ?? 0) seconds" }
        return status == 0 ? nil : reason(status)
    }

    /// Words for a wait status that is not 0.
    static func reason(_ status: Int32) -> String {
        guard viv_exited(status) == 0 else { return "ended with exit status \(viv_exit_code(status))" }
        return "was ended by a signal: \(String(cString: strsignal(viv_exit_signal(status))).lowercased())"
    }
}
