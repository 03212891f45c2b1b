import CLI
import NetworkStack
import Testing

@Suite struct OptionTests {
    @Test func `a disk is a path with an optional property`() throws {
        #expect(try DiskOption(parsing: "root.img").path == "root.img")
        #expect(try DiskOption(parsing: "root.img").isReadOnly == false)
        let readOnly = try DiskOption(parsing: "/a,b/root.img,readonly")
        #expect(readOnly.path == "/a,b/root.img" && readOnly.isReadOnly)
        #expect(try DiskOption(parsing: "odd,name.img").path == "odd,name.img")
    }

    @Test(arguments: ["", ",readonly", "root.img,readable", "root.img,"])
    func `a disk without path or with an unknown property is refused`(text: String) {
        #expect(throws: (any Error).self) { _ = try DiskOption(parsing: text) }
    }

    @Test func `a network is none or user with any number of forwards`() throws {
        #expect(try NetworkOption(parsing: "none") == .none)
        #expect(try NetworkOption(parsing: "user") == .user(forwards: []))
        let forwards = [
            try PortForward(parsing: "tcp:127.0.0.1:2222-:22"), try PortForward(parsing: "udp::5353-:53"),
        ]
        let text = "user,forward=tcp:127.0.0.1:2222-:22,forward=udp::5353-:53"
        #expect(try NetworkOption(parsing: text) == .user(forwards: forwards))
    }

    @Test(arguments: ["", "bridge", "none,forward=tcp::1-:2", "user,", "user,speed=9", "user,forward=tcp:1"])
    func `an unknown network or a bad forward is refused`(text: String) {
        #expect(throws: (any Error).self) { _ = try NetworkOption(parsing: text) }
    }

    @Test func `serial ports lead to streams, files, terminals and sockets`() throws {
        #expect(try SerialOption(parsing: "stdio") == .stdio)
        #expect(try SerialOption(parsing: "pty") == .pty)
        #expect(try SerialOption(parsing: "none") == .none)
        #expect(try SerialOption(parsing: "file:/tmp/a:b") == .file("/tmp/a:b"))
        #expect(try SerialOption(parsing: "unix:/tmp/s") == .unix("/tmp/s"))
    }

    @Test(arguments: ["", "file", "file:", "unix:", "tcp:1", "STDIO"])
    func `an unknown serial port is refused`(text: String) {
        #expect(throws: (any Error).self) { _ = try SerialOption(parsing: text) }
    }
}
