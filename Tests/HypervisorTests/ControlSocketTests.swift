import Glibc
import Host
import Hypervisor
import Model
import Testing

/// The machine's end of the control socket, played from the parent's end.
struct ControlSocketTests {
    private static func pair() throws -> (parent: Int32, control: ControlSocket) {
        var pair = try SocketPair(.stream)
        return (pair.takeNear().release(), ControlSocket(descriptor: pair.takeFar().release()))
    }

    @Test func theFirstLineIsTheDescription() throws {
        let (parent, control) = try Self.pair()
        var spec = MachineSpec(id: MachineID(random: 3), name: "a")
        spec.kernel = 9
        try Descriptors.writeAll(parent, JSONLine.encode(spec))
        #expect(try control.readSpec() == spec)
    }

    @Test(arguments: ["\n", "{}\n", "nonsense\n", "{\"version\":1}\n"])
    func whatIsNoDescriptionIsABadCommandLine(_ line: String) throws {
        let (parent, control) = try Self.pair()
        try Descriptors.writeAll(parent, Array(line.utf8))
        let error = try #require(throws: MachineError.self) { _ = try control.readSpec() }
        #expect(error.code == .badCommandLine)
    }

    @Test func aParentThatGoesBeforeItDescribesIsABadCommandLine() throws {
        let (parent, control) = try Self.pair()
        close(parent)
        #expect(throws: MachineError.self) { _ = try control.readSpec() }
    }

    @Test func requestsAreAnsweredInOrderAndNoiseIsIgnored() throws {
        let (parent, control) = try Self.pair()
        let loop = try EventLoop()
        try control.serve(
            on: loop,
            answer: { request in
                if request.command == .kill { loop.stop() }
                return ControlReply(reply: request.request, refusal: request.command.rawValue)
            }, ended: {})
        try Descriptors.writeAll(parent, JSONLine.encode(ControlRequest(request: 1, command: .pause)))
        try Descriptors.writeAll(parent, Array("noise\n{\"request\":5,\"command\":\"fly\"}\n".utf8))
        try Descriptors.writeAll(parent, JSONLine.encode(ControlRequest(request: 2, command: .kill)))
        loop.run()
        var splitter = LineSplitter()
        let lines = splitter.take(try #require(try Descriptors.read(parent)))
        let replies = lines.compactMap { JSONLine.decode(ControlReply.self, from: $0) }
        #expect(replies.map(\.reply) == [1, 2])
        #expect(replies.map(\.refusal) == ["pause", "kill"])
    }

    @Test func aParentThatGoesIsNoticed() throws {
        let (parent, control) = try Self.pair()
        let loop = try EventLoop()
        var noticed = 0
        try control.serve(on: loop, answer: { ControlReply(reply: $0.request) }) {
            noticed += 1
            loop.stop()
        }
        close(parent)
        loop.run()
        #expect(noticed == 1)
    }

    @Test func messagesToAParentThatHasGoneAreDropped() throws {
        let (parent, control) = try Self.pair()
        close(parent)
        control.send(.reply(ControlReply(reply: 1)))
    }
}
