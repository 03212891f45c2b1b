import CLinux
import Glibc

/// A program started by us, watched through a pidfd.
package final class ChildProcess {
    /// How a process has ended.
    package enum Exit: Equatable, Sendable {
        case exited(Int32)
        case signalled(Int32)
    }

    /// The process group that a child runs in.
    package enum Group: Sendable {
        case own, ours
    }

    /// A descriptor of ours and the number under which the child finds it.
    package struct Inheritance: Sendable {
        package let ours: Int32
        package let theirs: Int32

        package init(_ ours: Int32, as theirs: Int32) {
            self.ours = ours
            self.theirs = theirs
        }
    }

    package let pid: pid_t
    private let handle: FileDescriptor

    /// Becomes readable when the child has ended: watch it, then call `reap`.
    package var pidfd: Int32 { handle.raw }

    /// Starts the program at `path`. The child sees only `inherit` (by number) of our descriptors, as
    /// all of ours are close-on-exec, and starts with no signal blocked or ignored.
    ///
    /// - Parameter group: `own` shields the child from the signals of keys pressed in our terminal.
    ///
    /// A child that asks for a parent-death signal dies with the *thread* that called this.
    package init(
        _ path: String, _ arguments: [String], inherit: [Inheritance], group: Group = .own,
        environment: [String] = ChildProcess.ownEnvironment
    ) throws(SystemError) {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        Self.setAttributes(&attributes, group)
        let raised = try Self.raise(inherit)
        defer { for copy in raised { close(copy.ours) } }
        for copy in raised { posix_spawn_file_actions_adddup2(&actions, copy.ours, copy.theirs) }
        Self.closeOthers(&actions, kept: Set(inherit.map(\.theirs)))
        pid = try Self.spawn(path, [path] + arguments, environment, &actions, &attributes)
        let pid = pid
        handle = FileDescriptor(owning: try checked("watch process \(pid)") { viv_pidfd_open(pid) })
    }

    /// Not every package that opens sockets marks them close-on-exec. A child that kept a listening socket would keep
    /// its clients waiting for ever after our end.
    private static func closeOthers(_ actions: inout posix_spawn_file_actions_t, kept: Set<Int32>) {
        let floor = max((kept.max() ?? 2) + 1, 3)
        for number in 3..<floor where !kept.contains(number) {
            posix_spawn_file_actions_addclose(&actions, number)
        }
        _ = viv_spawn_close_from(&actions, floor)
    }

    /// `NAME=value` strings of this process.
    package static var ownEnvironment: [String] {
        var strings: [String] = []
        var next = environ
        while let string = next.pointee {
            strings.append(String(cString: string))
            next = next.successor()
        }
        return strings
    }

    /// Copies above every number that a child is given, so that no dup2 overwrites a later source.
    private static func raise(_ inherit: [Inheritance]) throws(SystemError) -> [Inheritance] {
        let floor = (inherit.map(\.theirs).max() ?? 2) + 1
        var copies: [Inheritance] = []
        for item in inherit {
            let copy = viv_duplicate_above(item.ours, floor)
            guard copy >= 0 else {
                let failure = SystemError("duplicate descriptor \(item.ours)")
                for earlier in copies { close(earlier.ours) }
                throw failure
            }
            copies.append(Inheritance(copy, as: item.theirs))
        }
        return copies
    }

    private static func setAttributes(_ attributes: inout posix_spawnattr_t, _ group: Group) {
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags =
            POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
            | (group == .own ? POSIX_SPAWN_SETPGROUP : 0)
        posix_spawnattr_setflags(&attributes, Int16(flags))
    }

    private static func spawn(
        _ path: String, _ arguments: [String], _ environment: [String],
        _ actions: inout posix_spawn_file_actions_t, _ attributes: inout posix_spawnattr_t
    ) throws(SystemError) -> pid_t {
        let arguments: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        let environment: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
        defer { for string in arguments + environment { free(string) } }
        var pid: pid_t = 0
        let code = posix_spawnp(&pid, path, &actions, &attributes, arguments, environment)
        guard code == 0 else { throw SystemError("start \(path)", code: code) }
        return pid
    }
}

extension ChildProcess {
    /// Sends a signal; harmless when the child has ended, and never to a stranger.
    package func signal(_ number: Int32) { _ = viv_pidfd_signal(pidfd, number) }

    /// Waits for the end. Call it once.
    package func reap() -> Exit {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
        return viv_exited(status) != 0 ? .exited(viv_exit_code(status)) : .signalled(viv_exit_signal(status))
    }

    /// Runs in the child, first thing: the kernel kills this process when its parent dies. False when
    /// the parent is dead already; then leave.
    package static func dieWithParent(expectedParent: pid_t) -> Bool {
        viv_set_parent_death_signal(SIGKILL) == 0 && getppid() == expectedParent
    }
}
