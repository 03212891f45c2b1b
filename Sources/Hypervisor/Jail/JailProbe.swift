import CLinux
import Glibc
import Host

/// What an intruder would try first: each case one act that must fail inside the jail, and that
/// succeeds outside, so that a test of it can fail.
package enum JailProbe: String, CaseIterable, Sendable {
    case open, execute, socket, connect, fork, executableMapping, executableProtection

    /// How an attempt ended, as the exit code of the process that made it.
    package enum Outcome: Int32 {
        case succeeded = 0
        case refused = 1
        case jailFailed = 2
    }

    /// Tries it, inside a sealed jail when `jailed`, on a thread that was there before the seal.
    ///
    /// A killing call ends the process instead of returning.
    package func attempt(jailed: Bool) -> Outcome {
        let socket = viv_raw_call(Int(SYS_socket), Int(AF_INET), Int(SOCK_DGRAM.rawValue), 0, 0, 0, 0)
        var jail = Jail()
        if jailed { jail.withdraw() }
        guard var pair = try? SocketPair(.stream) else { return .jailFailed }
        let (inner, outer) = (pair.takeNear().release(), pair.takeFar().release())
        let verdict = UnsafeMutablePointer<Outcome>.allocate(capacity: 1)
        verdict.initialize(to: .refused)
        nonisolated(unsafe) let result = verdict
        guard let thread = try? Thread(name: "intruder", { result.pointee = act(Int(socket), after: inner) })
        else { return .jailFailed }
        guard !jailed || (try? jail.seal()) != nil else {
            return .jailFailed
        }
        _ = write(outer, "go", 2)
        thread.join()
        return verdict.pointee
    }

    private func act(_ socket: Int, after gate: Int32) -> Outcome {
        var word: UInt16 = 0
        _ = read(gate, &word, 2)
        return result(socket) >= 0 ? .succeeded : .refused
    }

    private func result(_ socket: Int) -> Int {
        let page = 4096
        switch self {
        case .open:
            return "/".withCString { call(SYS_openat, Int(AT_FDCWD), Int(bitPattern: $0)) }
        case .execute:
            return "/bin/true".withCString { call(SYS_execve, Int(bitPattern: $0)) }
        case .socket:
            return call(SYS_socket, Int(AF_UNIX), Int(SOCK_STREAM.rawValue))
        case .connect:
            return connect(socket)
        case .fork:
            let child = call(SYS_fork)
            if child == 0 { _ = call(SYS_exit_group) }
            return child
        case .executableMapping:
            let protection = Int(PROT_READ | PROT_EXEC)
            return call(SYS_mmap, 0, page, protection, Int(MAP_PRIVATE | MAP_ANONYMOUS), -1)
        case .executableProtection:
            let data = mmap(nil, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
            return call(SYS_mprotect, Int(bitPattern: data), page, Int(PROT_READ | PROT_EXEC))
        }
    }

    /// Points a datagram socket at the host itself: nothing is sent.
    private func connect(_ socket: Int) -> Int {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(9).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            call(SYS_connect, socket, Int(bitPattern: $0), MemoryLayout<sockaddr_in>.size)
        }
    }

    private func call(
        _ number: Int32, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0, _ d: Int = 0, _ e: Int = 0
    ) -> Int {
        viv_raw_call(Int(number), a, b, c, d, e, 0)
    }
}
