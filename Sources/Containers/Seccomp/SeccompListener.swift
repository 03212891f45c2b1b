import CLinux
import Glibc
import Host

/// Hands the descriptor of SCMP_ACT_NOTIFY to the agent that will answer (§ The Container Process State).
enum SeccompListener {
    /// Takes the listener out of the container's process and sends it, with the state, to the profile's socket.
    ///
    /// - Parameters:
    ///   - descriptor: the number that the listener will have; it may not be there yet.
    ///   - pidfd: of the process.
    static func pass(
        _ descriptor: Int32, of pidfd: Int32, state: ContainerState, seccomp: RuntimeSpec.Seccomp?
    ) throws(ContainerError) {
        guard let path = seccomp?.listenerPath, !path.isEmpty else { return }
        let listener = try take(descriptor, from: pidfd)
        defer { close(listener) }
        let socket = viv_unix_socket()
        defer { close(socket) }
        guard viv_connect_unix(socket, path) == 0 else {
            throw ContainerError(
                .system,
                "failed to connect with seccomp agent: "
                    + SystemError("reach \(path)").description)
        }
        let text = JSONValue([
            ("ociVersion", .string(RuntimeSpec.version)), ("fds", JSONValue(["seccompFd"])),
            ("pid", JSONValue(state.processID)), ("metadata", .string(seccomp?.listenerMetadata ?? "")),
            ("state", state.description(status: .creating)),
        ]).description
        guard viv_send_descriptor_with(socket, listener, text, text.utf8.count) >= 0 else {
            throw ContainerError(.system, SystemError("write to the seccomp agent").description)
        }
    }

    /// The filter's anonymous file appears under the number that was free before.
    private static func take(_ descriptor: Int32, from pidfd: Int32) throws(ContainerError) -> Int32 {
        for _ in 0..<5000 {
            let taken = viv_pidfd_getfd(pidfd, descriptor)
            if taken >= 0 { return taken }
            guard errno == EBADF else { break }
            usleep(200)
        }
        throw ContainerError(.system, SystemError("take the seccomp listener").description)
    }
}
