import Foundation
import ProgramDriver
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
        writer.type("poweroff")
        #expect(try writer.exitCode() == 0)
        let reader = try boot("--disk", disk.path() + ",readonly")
        #expect(
            try reader.shell("dd if=/dev/vda bs=512 skip=100 count=1 2>/dev/null | head -n 1").text == "kept")
        #expect(try reader.shell("echo no | dd of=/dev/vda").status != 0)
        reader.type("poweroff")
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
        guest.type("poweroff")
        #expect(try guest.exitCode() == 0)
        #expect(try Data(contentsOf: disk) == Data(count: Int(Self.size)))
    }

    @Test func aDiskInUseIsRefused() throws {
        let disk = try Programs.disk("used", size: Self.size)
        let first = try boot("--disk", disk.path())
        let second = try Command.run(Programs.viv, ["boot", "busybox", "--disk", disk.path()])
        #expect(second.code == 69)
        #expect(second.errors.contains("in use"))
        first.type("poweroff")
        #expect(try first.exitCode() == 0)
    }

    @Test(.enabled(if: mountsWork, "a file system cannot be mounted in a namespace of the user's here"))
    func aFullDiskOfTheHostIsAnErrorOfTheGuestAndAnEvent() throws {
        let folder = Programs.scratch.appending(path: "full").path()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let guest = try Guest(
            ["busybox", "--json", "--disk", "\(folder)/disk.img"],
            wrapper: Self.inNamespace(
                "mount -t tmpfs -o size=4m none \(folder) && truncate -s 16M \(folder)/disk.img"))
        try guest.expect("# ")
        #expect(try guest.shell("echo kept | dd of=/dev/vda conv=fsync").status == 0)
        #expect(try guest.shell("dd if=/dev/urandom of=/dev/vda bs=1M count=8 seek=1 conv=fsync").status != 0)
        #expect(try guest.shell("head -n 1 /dev/vda").text == "kept")
        guest.type("poweroff")
        #expect(try guest.exitCode() == 0)
        #expect(guest.output.text(from: 0).contains("\"event\":\"diskError\""))
    }

    /// A command that runs `script` in namespaces of its own and then executes what follows.
    private static func inNamespace(_ script: String) -> [String] {
        ["unshare", "--map-root-user", "--mount", "sh", "-c", "\(script) && exec \"$@\"", "sh"]
    }

    private static let mountsWork: Bool = {
        let command = inNamespace("mount -t tmpfs none /mnt") + ["true"]
        return (try? Command.run(URL(filePath: "/usr/bin/env"), command))?.code == 0
    }()
}
