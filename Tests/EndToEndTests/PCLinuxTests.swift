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
    private static let installer =
        "/usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64"

    private func boot(_ image: URL, _ options: String...) throws -> Guest {
        try Guest(
            ["--arch", "x86_64", "--board", "pc", "--disk", image.path(), "--net", "none"] + options)
    }

    private func viv(_ arguments: String...) throws -> String {
        let result = try Command.run(Programs.viv, arguments, patience: 600)
        #expect(result.code == 0, "viv \(arguments): \(result.errors)")
        return result.output
    }

    /// Keeps a picture for people to look at.
    private func keep(_ name: String, of id: String) throws {
        _ = try viv("screenshot", id, try Programs.artefact(name).path())
    }

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
        let machine = try boot(image)
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
        let machine = try boot(image, "--memory", "32M")
        try machine.expect("GRUB loading")
        let id = try machine.id
        _ = try viv("wait-text", id, "Memtest86+", "--timeout", "60")
        // The last test of a pass only waits: all that compute are behind it.
        _ = try viv("wait-text", id, "[Bit fade test", "--timeout", "300")
        #expect(try viv("screenshot", id, "--text").contains("Errors: 0"))
        try keep("memtest.png", of: id)
        _ = try viv("kill", id)
    }

    @Test(
        .enabled(if: ProcessInfo.processInfo.environment["VIV_LONG"] != nil, "run it by make test-long"),
        .enabled(
            if: FileManager.default.fileExists(atPath: installer),
            "debian-installer-12-netboot-amd64 is not installed"))
    func debiansInstallerAsksForALanguageOnTheScreen() throws {
        let image = try GRUBDisk.make(
            "installer", size: 128 << 20,
            script: """
                linux /linux vga=normal nomodeset mitigations=off
                initrd /initrd.gz
                """,
            modules: ["linux"],
            files: ["linux": Self.installer + "/linux", "initrd.gz": Self.installer + "/initrd.gz"])
        let machine = try boot(image, "--memory", "1G")
        try machine.expect("GRUB loading")
        let id = try machine.id
        _ = try viv("wait-text", id, "Select a language", "--timeout", "300")
        try keep("installer.png", of: id)
        // Finnish is below English.
        _ = try viv("key", id, "down", "enter")
        _ = try viv("wait-text", id, "Valitse olinpaikkasi", "--timeout", "60")
        _ = try viv("kill", id)
    }

    @Test(
        .enabled(if: ProcessInfo.processInfo.environment["VIV_LONG"] != nil, "run it by make test-long"),
        .enabled(
            if: FileManager.default.fileExists(atPath: installer),
            "debian-installer-12-netboot-amd64 is not installed"))
    func debiansInstallerAsksForALanguageOnTheSerialPort() throws {
        let machine = try Guest([
            "--arch", "x86_64", "--memory", "1G", "--kernel", Self.installer + "/linux", "--initrd",
            Self.installer + "/initrd.gz", "--append", "console=ttyS0 mitigations=off",
        ])
        try machine.expect("Select a language")
        _ = try viv("kill", try machine.id)
    }
}
