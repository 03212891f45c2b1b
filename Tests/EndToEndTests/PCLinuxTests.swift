import Foundation
import ProgramDriver
import Testing

/// A PC does with disks that others made what PCs do: SeaBIOS starts GRUB, and GRUB a kernel.
@Suite(
    .serialized,
    .enabled(
        if: Programs.hasSeaBIOS && GRUBDisk.canBeMade, "not all of seabios, \(GRUBDisk.packages) is installed"
    ))
struct PCLinuxTests {
    private static let memtest = "/boot/memtest86+x64.bin"

    @Test(
        .enabled(
            if: Programs.hasX86Busybox,
            "the x86_64 busybox guest can neither be found in the cache nor fetched"))
    func grubStartsLinuxFromAPartition() throws {
        let environment = ProcessInfo.processInfo.environment
        let cache = environment["XDG_CACHE_HOME"] ?? (environment["HOME"] ?? "/") + "/.cache"
        let guest = cache + "/vivarium/guests/busybox-x86_64"
        let image = try GRUBDisk.make(
            "grub", size: 64 << 20,
            script: """
                serial --unit=0 --speed=115200
                terminal_output serial
                linux /kernel console=ttyS0 vivarium=shell from=grub
                initrd /initrd
                """,
            modules: ["linux", "serial", "terminal"],
            files: ["kernel": guest + "/kernel", "initrd": guest + "/initrd"])
        let machine = try PC.boot(image)
        try machine.expect("GRUB loading")
        try machine.expect("Linux version")
        try machine.expect("# ")
        #expect(try machine.shell("cat /proc/cmdline").text.hasSuffix("from=grub"))
        // Linux runs by the firmware's own tables.
        #expect(try machine.shell("dmesg | grep 'ACPI: Interpreter enabled'").status == 0)
        #expect(try machine.shell("grep -c IO-APIC /proc/interrupts").status == 0)
        machine.type("poweroff")
        #expect(try machine.exitCode() == 0)
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: memtest), "memtest86+ is not installed"))
    func memtestFindsNothing() throws {
        let image = try GRUBDisk.make(
            "memtest", size: 64 << 20, script: "linux16 /memtest nosmp", modules: ["linux16"],
            files: ["memtest": Self.memtest])
        let machine = try PC.boot(image, "--memory", "32M")
        try machine.expect("GRUB loading")
        let id = try machine.id
        _ = try PC.viv("wait-text", id, "Memtest86+", "--timeout", "60")
        // The last test of a pass only waits: all that compute are behind it.
        _ = try PC.viv("wait-text", id, "[Bit fade test", "--timeout", "300")
        #expect(try PC.viv("screenshot", id, "--text").contains("Errors: 0"))
        try PC.keep("memtest.png", of: id)
        _ = try PC.viv("kill", id)
    }
}
