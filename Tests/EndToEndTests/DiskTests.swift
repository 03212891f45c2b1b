import Foundation
import Testing

/// Disks as the guest and the host see them.
@Suite(
    .serialized,
    .enabled(if: Programs.hasBusybox, "the busybox guest can neither be found in the cache nor fetched"))
struct DiskTests {
    private static let size: UInt64 = 16 << 20

    @Test func whatOneGuestWritesTheNextOneReads() throws {
        let disk = try Programs.disk("shared", size: Self.size)
        let writer = try boot("--disk", disk.path())
        #expect(try writer.shell("echo kept | dd of=/dev/vda bs=512 seek=100 conv=fsync").status == 0)
        try writer.type("poweroff")
        #expect(try writer.exitCode() == 0)
        let reader = try boot("--disk", disk.path() + ",readonly")
        #expect(
            try reader.shell("dd if=/dev/vda bs=512 skip=100 count=1 2>/dev/null | head -n 1").text == "kept")
        #expect(try reader.shell("echo no | dd of=/dev/vda").status != 0)
        try reader.type("poweroff")
        #expect(try reader.exitCode() == 0)
    }

    @Test func flushedDataSurviveTheDeathOfTheMachine() throws {
        let disk = try Programs.disk("crash", size: Self.size)
        let guest = try boot("--disk", disk.path())
        #expect(try guest.shell("echo acknowledged | dd of=/dev/vda conv=fsync").status == 0)
        kill(try #require(guest.children.first), SIGKILL)
        #expect(try guest.exitCode() == 75)
        #expect(try Data(contentsOf: disk).starts(with: Data("acknowledged".utf8)))
    }

    @Test func ephemeralWritesAreGoneAtTheEnd() throws {
        let disk = try Programs.disk("ephemeral", size: Self.size)
        let guest = try boot("--disk", disk.path(), "--ephemeral")
        let write = "echo gone | dd of=/dev/vda conv=fsync 2>/dev/null && head -n 1 /dev/vda"
        #expect(try guest.shell(write).text == "gone")
        try guest.type("poweroff")
        #expect(try guest.exitCode() == 0)
        #expect(try Data(contentsOf: disk) == Data(count: Int(Self.size)))
    }

    @Test func aDiskInUseIsRefused() throws {
        let disk = try Programs.disk("used", size: Self.size)
        let first = try boot("--disk", disk.path())
        let second = try Command.run(Programs.viv, ["boot", "busybox", "--disk", disk.path()])
        #expect(second.code == 69)
        #expect(second.errors.contains("in use"))
        try first.type("poweroff")
        #expect(try first.exitCode() == 0)
    }
}
