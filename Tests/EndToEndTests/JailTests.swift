import ProgramDriver
import Testing

/// The machine's jail, tried from inside by `viv-machine` itself: what an intruder would do first must
/// fail there, and succeed in the same program outside, or the test would show nothing.
struct JailTests {
    private static let refused: Int32 = 1
    /// SIGSYS: the kernel has killed the process for the call.
    private static let killed: Int32 = 31

    @Test(arguments: ["open", "socket", "connect", "executableMapping", "executableProtection"])
    func isRefusedInside(_ act: String) throws {
        let inside = try Command.run(Programs.machine, ["--probe", act])
        #expect(!inside.wasKilled)
        #expect(inside.code == Self.refused)
    }

    @Test(arguments: ["execute", "fork"])
    func isDeadlyInside(_ act: String) throws {
        let inside = try Command.run(Programs.machine, ["--probe", act])
        #expect(inside.wasKilled)
        #expect(inside.code == Self.killed)
    }

    @Test(arguments: [
        "open", "socket", "connect", "executableMapping", "executableProtection", "execute", "fork",
    ])
    func succeedsOutside(_ act: String) throws {
        #expect(try Command.run(Programs.machine, ["--probe", act, "free"]).code == 0)
    }
}
