import Foundation
import ProgramDriver
import Testing

/// An x86-64 Linux, translated, from the command line to the exit code.
@Suite(
    .serialized,
    .enabled(
        if: Programs.hasX86Busybox, "the x86_64 busybox guest can neither be found in the cache nor fetched"))
struct X86Tests {
    private func boot(_ options: String...) throws -> Guest {
        // What the kernel has to say later would stand between the words of others.
        let guest = try Guest(["busybox", "--arch", "x86_64", "--append", "quiet"] + options)
        try guest.expect("# ")
        return guest
    }

    @Test func aGuestBootsToAShellAndPowersOff() throws {
        let server = try PageServer(page: "a page of the host\n")
        let guest = try boot()
        #expect(try guest.shell("uname -m").text == "x86_64")
        #expect(try guest.shell("grep -c ^processor /proc/cpuinfo").text == "1")
        #expect(try guest.shell("false").status == 1)
        // The real-time clock, which counts seconds, has told Linux the host's date.
        let early = Int(Date().timeIntervalSince1970) - 2
        let seconds = Int(try guest.shell("date +%s").text) ?? 0
        #expect((early...Int(Date().timeIntervalSince1970) + 2).contains(seconds))
        #expect(try guest.shell("wget -q -O - http://10.0.2.2:\(server.port)/").text == "a page of the host")
        guest.type("poweroff")
        #expect(try guest.exitCode() == 0)
    }

    @Test func twoProcessorsShareTheWork() throws {
        let guest = try boot("--cpus", "2")
        #expect(try guest.shell("nproc").text == "2")
        #expect(try guest.shell("dd if=/dev/urandom of=/tmp/a bs=1M count=16 2>/dev/null").status == 0)
        let sum = try guest.shell("sha256sum < /tmp/a").text
        // Four processes, whose page tables change all the time, on both processors.
        let each = "for n in 1 2 3 4 5 6; do cat /tmp/a | sha256sum; done"
        let all =
            "for p in 1 2 3 4; do (\(each)) > /tmp/$p & done; wait; cat /tmp/1 /tmp/2 /tmp/3 /tmp/4 | sort | uniq -c"
        let counted = try guest.shell(all).text
        #expect(
            counted.split(separator: " ").map(String.init) == ["24"]
                + sum.split(separator: " ").map(String.init))
        #expect(try guest.shell("awk '/LOC:/ { print ($2 > 0) ($3 > 0) }' /proc/interrupts").text == "11")
        guest.type("poweroff")
        #expect(try guest.exitCode() == 0)
    }

    @Test func whatIsNotThereIsRefused() throws {
        let nine = try Command.run(Programs.viv, ["boot", "busybox", "--arch", "x86_64", "--cpus", "9"])
        #expect(nine.code != 0)
    }
}
