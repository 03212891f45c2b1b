import Glibc
import Host
import Testing

@Suite struct ChildProcessTests {
    private func exit(of command: String, inherit: [ChildProcess.Inheritance] = []) throws
        -> ChildProcess.Exit
    {
        try ChildProcess("/bin/sh", ["-c", command], inherit: inherit).reap()
    }

    @Test func `exit codes and deadly signals are told apart`() throws {
        #expect(try exit(of: "exit 7") == .exited(7))
        #expect(try exit(of: "kill -9 $$") == .signalled(SIGKILL))
    }

    @Test func `a descriptor that was left open for children is not seen by them`() throws {
        let leaky = Glibc.open("/dev/null", O_RDONLY)
        let given = Glibc.open("/dev/null", O_RDONLY)
        defer {
            close(leaky)
            close(given)
        }
        let seen = "test -e /proc/$$/fd/9 && ! test -e /proc/$$/fd/\(leaky) && ! test -e /proc/$$/fd/\(given)"
        #expect(try exit(of: seen, inherit: [.init(given, as: 9)]) == .exited(0))
    }

    @Test func `a program that does not exist is an error with its name`() {
        #expect(throws: SystemError("start /no/such/program", code: ENOENT)) {
            _ = try ChildProcess("/no/such/program", [], inherit: [])
        }
    }

    @Test func `descriptors arrive under their numbers even when the numbers cross`() throws {
        let first = try FileDescriptor.unlinked(in: "/tmp")
        let second = try FileDescriptor.unlinked(in: "/tmp")
        // Each source number is the other's target.
        let crossed = [
            ChildProcess.Inheritance(first.raw, as: second.raw),
            ChildProcess.Inheritance(second.raw, as: first.raw),
        ]
        let command = "printf 1st >/proc/self/fd/\(second.raw); printf 2nd >/proc/self/fd/\(first.raw)"
        #expect(try exit(of: command, inherit: crossed) == .exited(0))
        #expect(try Descriptors.read(first.raw) == Array("1st".utf8))
        #expect(try Descriptors.read(second.raw) == Array("2nd".utf8))
    }

    @Test func `nothing is inherited that was not given`() throws {
        let null = try FileDescriptor.open("/dev/null", O_RDWR)
        #expect(try exit(of: "test ! -e /proc/self/fd/\(null.raw)") == .exited(0))
    }

    @Test func `the pidfd tells the end to an event loop`() throws {
        let loop = try EventLoop()
        let child = try ChildProcess("/bin/sleep", ["1000"], inherit: [])
        try loop.add(child.pidfd, .read) { _ in
            loop.remove(child.pidfd)
            loop.stop()
        }
        child.signal(SIGTERM)
        loop.run()
        #expect(child.reap() == .signalled(SIGTERM))
    }

    @Test func `a child can tell that its parent is another`() {
        #expect(!ChildProcess.dieWithParent(expectedParent: 1) || getppid() == 1)
    }

    @Test func `descriptors travel over sockets`() throws {
        var carrier = try SocketPair(.stream)
        let near = carrier.takeNear()
        let far = carrier.takeFar()
        let pty = try PseudoTerminal()
        try DescriptorPassing.send(pty.slave.raw, over: near.raw)
        let received = DescriptorPassing.receive(from: far.raw)
        guard let received else {
            Issue.record("no descriptor came")
            return
        }
        #expect(Terminal.isTerminal(received.raw))
    }
}
