import Glibc
import Host
import Testing

@Suite struct FileTests {
    @Test func `an absent file is refused with its name and the reason`() {
        let error = #expect(throws: SystemError.self) { _ = try FileDescriptor.open("/no/such/file") }
        #expect(error?.description == "cannot open /no/such/file: No such file or directory")
    }

    @Test func `kinds of files are told apart`() throws {
        #expect(try FileStatus(path: "/").kind == .directory)
        #expect(try FileStatus(path: "/etc/passwd").kind == .regular)
        #expect(try FileStatus(path: "/dev/null").kind == .other)
        #expect(try PseudoTerminal().slave.status().kind == .terminal)
    }

    @Test func `a non-blocking pipe tells empty from ended`() throws {
        var pair = try SocketPair(.stream)
        let near = pair.takeNear()
        let far = pair.takeFar()
        try near.setNonBlocking()
        #expect(try Descriptors.read(near.raw) == nil)
        close(far.release())
        #expect(try Descriptors.read(near.raw) == [])
    }

    @Test func `a listening socket is private, replaces a dead one and refuses a living one`() throws {
        let path = "/tmp/vivarium-test-\(try Random.name(digits: 12)).sock"
        defer { unlink(path) }
        let first = try UnixSocket.listen(path)
        var info = stat()
        #expect(stat(path, &info) == 0 && info.st_mode & 0o777 == 0o600)
        #expect(throws: SystemError.self) { _ = try UnixSocket.listen(path) }
        close(first.release())
        let second = try UnixSocket.listen(path)
        let client = try UnixSocket.connect(path)
        guard let server = UnixSocket.accept(second.raw) else {
            Issue.record("no connection waits")
            return
        }
        try Descriptors.writeAll(client.raw, [42])
        #expect(try Descriptors.read(server.raw) == [42])
    }

    @Test func `an exclusive lock keeps others out until the file is closed everywhere`() throws {
        let path = "/tmp/vivarium-test-\(try Random.name(digits: 12))"
        defer { unlink(path) }
        let first = try FileDescriptor.open(path, O_RDWR | O_CREAT)
        let second = try FileDescriptor.open(path, O_RDWR)
        var granted = [first.lock(exclusive: true), second.lock(exclusive: true)]
        let heir = try first.duplicate()
        close(first.release())
        granted.append(second.lock(exclusive: false))
        close(heir.release())
        granted.append(second.lock(exclusive: false))
        #expect(granted == [true, false, false, true])
    }

    @Test func `random names have the asked length and differ`() throws {
        let names = try (0..<20).map { _ in try Random.name(digits: 8) }
        #expect(names.allSatisfy { $0.count == 8 && $0.allSatisfy(\.isHexDigit) })
        #expect(Set(names).count == 20)
        let long = try Random.bytes(1000)
        #expect(long.suffix(100).contains { $0 != 0 })
    }
}
