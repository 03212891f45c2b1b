import CLinux
import Glibc
import Host

/// `init`: the first process of a container that asks for one. It runs a program, passes signals on to it and reaps what
/// others leave behind.
enum InitCommand {
    static func run(_ globals: RuntimeCommand.Globals) throws(ContainerError) -> Int32 {
        let words = globals.words.first == "--" ? Array(globals.words.dropFirst()) : globals.words
        guard let name = words.first else { throw ContainerError(.invalid, "init needs a program") }
        var all = sigset_t()
        sigfillset(&all)
        for signal in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS] { sigdelset(&all, signal) }
        var before = sigset_t()
        sigprocmask(SIG_BLOCK, &all, &before)
        let process = try start(name, words, mask: before)
        while true {
            var signal: Int32 = 0
            guard sigwait(&all, &signal) == 0 else { continue }
            if signal != SIGCHLD { kill(process, signal) }
            if let code = reap(until: process) { return code }
        }
    }

    /// A group of its own that owns the terminal, so that keys reach the program and its children alone.
    private static func start(_ name: String, _ words: [String], mask: sigset_t) throws(ContainerError)
        -> pid_t
    {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var mask = mask
        var defaults = sigset_t()
        sigemptyset(&defaults)
        sigaddset(&defaults, SIGPIPE)
        posix_spawnattr_setsigmask(&attributes, &mask)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
        var list = words.map { strdup($0) } + [nil]
        defer { for pointer in list { free(pointer) } }
        var process: pid_t = 0
        let failure = posix_spawnp(&process, name, nil, &attributes, &list, environ)
        guard failure == 0 else {
            RuntimeCommand.complain(SystemError("run \(name)", code: failure).description)
            exit(failure == ENOENT ? 127 : 126)
        }
        tcsetpgrp(0, process)
        return process
    }

    /// The program's exit code, once it has ended.
    private static func reap(until process: pid_t) -> Int32? {
        var code: Int32?
        var status: Int32 = 0
        while case let child = viv_wait(-1, &status, Int32(WNOHANG)), child > 0 {
            if child == process { code = Program.exitCode(status) }
        }
        return code
    }
}
