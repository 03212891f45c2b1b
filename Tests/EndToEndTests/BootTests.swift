import Foundation
import ProgramDriver
import Testing

/// The life of a guest of the catalogue, from the command line to the exit code.
@Suite(
    .serialized,
    .enabled(if: Programs.hasBusybox, "the busybox guest can neither be found in the cache nor fetched"))
struct BootTests {
    @Test func aGuestBootsToAShellAndPowersOff() throws {
        let guest = try boot()
        #expect(try guest.shell("uname -m").text == "riscv64")
        #expect(try guest.shell("grep -c ^processor /proc/cpuinfo").text == "1")
        #expect(try guest.shell("false").status == 1)
        guest.type("poweroff")
        #expect(try guest.exitCode() == 0)
    }

    @Test func whatIsTypedBeforeTheGuestListensIsKept() throws {
        let guest = try Guest(["busybox"])
        guest.type("echo typed' 'ahead; poweroff")
        try guest.expect("typed ahead")
        #expect(try guest.exitCode() == 0)
    }

    @Test func everyHartThatWasAskedForRuns() throws {
        let guest = try boot("--cpus", "4")
        #expect(try guest.shell("nproc").text == "4")
        let busy =
            "for i in 1 2 3 4; do (n=0; while [ $n -lt 2000 ]; do n=$((n+1)); done) & done; wait; echo done"
        #expect(try guest.shell(busy).text.hasSuffix("done"))
        guest.type("poweroff")
        #expect(try guest.exitCode() == 0)
    }

    @Test func aPageIsFetchedFromTheHost() throws {
        let server = try PageServer(page: "a page of the host\n")
        let guest = try boot()
        #expect(try guest.shell("wget -q -O - http://10.0.2.2:\(server.port)/").text == "a page of the host")
        guest.type("poweroff")
        #expect(try guest.exitCode() == 0)
    }

    @Test func aRebootStartsAgain() throws {
        let guest = try boot()
        _ = try guest.shell("touch /mark")
        guest.type("reboot")
        try guest.expect("Linux version")
        try guest.expect("# ")
        #expect(try guest.shell("ls /").text.contains("mark") == false)
        guest.type("poweroff")
        #expect(try guest.exitCode() == 0)
    }

    @Test func aPausedGuestAnswersAfterItWasResumed() throws {
        let guest = try boot()
        let id = try guest.id
        #expect(try Command.run(Programs.viv, ["pause", id]).code == 0)
        #expect(try Command.run(Programs.viv, ["ps"]).output.contains("paused"))
        guest.type("echo still' 'here")
        #expect(try Command.run(Programs.viv, ["resume", id]).code == 0)
        try guest.expect("still here")
        #expect(try Command.run(Programs.viv, ["kill", id]).code == 0)
        #expect(try guest.exitCode() == 75)
    }

    @Test func aResetFromOutsideStartsAgain() throws {
        let guest = try boot()
        #expect(try Command.run(Programs.viv, ["reset", try guest.id]).code == 0)
        try guest.expect("Linux version")
        try guest.expect("# ")
        guest.type("poweroff")
        #expect(try guest.exitCode() == 0)
    }

    @Test func aTerminationSignalPowersTheGuestDown() throws {
        let guest = try boot()
        guest.program.signal(SIGTERM)
        #expect(try guest.exitCode() == 0)
    }

    @Test func aMachineDiesWithItsParent() throws {
        let guest = try boot()
        let machine = try #require(guest.children.first)
        guest.program.signal(SIGKILL)
        let deadline = Date(timeIntervalSinceNow: 30)
        while kill(machine, 0) == 0, Date.now < deadline { usleep(10_000) }
        #expect(kill(machine, 0) == -1)
    }

    @Test func aMachineThatIsKilledEndsItsParent() throws {
        let guest = try boot()
        kill(try #require(guest.children.first), SIGKILL)
        #expect(try guest.exitCode() == 75)
    }

    @Test func eventsAreLinesOfJSON() throws {
        let guest = try boot("--json")
        guest.program.signal(SIGTERM)
        #expect(try guest.exitCode() == 0)
        let lines = guest.output.finish().split(separator: "\n")
        let events = try lines.map { try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] }
        let names = events.compactMap { $0?["event"] as? String }
        #expect(names.first == "started")
        #expect(names.contains("consoleReady"))
        #expect(names.contains("poweredOff"))
        #expect(events.allSatisfy { $0?["seconds"] is Double || $0?["seconds"] is Int })
    }
}
