import Foundation
import ProgramDriver
import Testing

/// A PC's disk as others make them: SeaBIOS starts GRUB, GRUB starts Debian's kernel. Minutes under the interpreter:
/// `make test-long`.
@Suite(
    .serialized,
    .enabled(if: ProcessInfo.processInfo.environment["VIV_LONG"] != nil, "run it by make test-long"),
    .enabled(
        if: Programs.hasSeaBIOS && Programs.hasGRUB,
        "Debian's seabios, grub-pc-bin and mtools are not installed"),
    .enabled(
        if: Programs.hasX86Busybox, "the x86_64 busybox guest can neither be found in the cache nor fetched"))
struct PCLinuxTests {
    /// The first partition begins here.
    private static let firstSector = 2048
    private static let size = 64 << 20
    private static let sector = 512

    @Test func grubStartsLinuxFromAPartition() throws {
        let image = try bootDisk()
        let guest = try Guest(["--arch", "x86_64", "--board", "pc", "--disk", image.path(), "--net", "none"])
        try guest.expect("GRUB loading")
        try guest.expect("Linux version")
        try guest.expect("# ")
        #expect(try guest.shell("cat /proc/cmdline").text.hasSuffix("from=grub"))
        // Linux runs by the firmware's own tables.
        #expect(try guest.shell("dmesg | grep 'ACPI: Interpreter enabled'").status == 0)
        #expect(try guest.shell("grep -c IO-APIC /proc/interrupts").status == 0)
        guest.type("poweroff")
        #expect(try guest.exitCode() == 0)
    }

    /// A master boot record with GRUB in the gap behind it, and a FAT file system with a kernel.
    private func bootDisk() throws -> URL {
        let image = try Programs.disk("grub", size: UInt64(Self.size))
        let folder = Programs.scratch.appending(path: "grub-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        let core = try grubCore(in: folder)
        let handle = try FileHandle(forUpdating: image)
        try handle.write(contentsOf: try masterBootRecord())
        try handle.write(contentsOf: core)
        try handle.close()
        let partition = "\(image.path())@@\(Self.firstSector * Self.sector)"
        try run("mformat", ["-i", partition, "-F", "::"])
        let environment = ProcessInfo.processInfo.environment
        let cache = environment["XDG_CACHE_HOME"] ?? (environment["HOME"] ?? "/") + "/.cache"
        let guest = cache + "/vivarium/guests/busybox-x86_64"
        try run("mcopy", ["-i", partition, guest + "/kernel", guest + "/initrd", "::"])
        return image
    }

    private func grubCore(in folder: URL) throws -> Data {
        let script = """
            serial --unit=0 --speed=115200
            terminal_output serial
            set root=(hd0,msdos1)
            linux /kernel console=ttyS0 vivarium=shell from=grub
            initrd /initrd
            boot

            """
        let (config, core) = (folder.appending(path: "early.cfg"), folder.appending(path: "core.img"))
        try Data(script.utf8).write(to: config)
        try run(
            "grub-mkimage",
            [
                "-O", "i386-pc", "-o", core.path(), "-p", "(hd0,msdos1)/boot", "-c", config.path(),
                "biosdisk",
                "part_msdos", "fat", "linux", "normal", "serial", "terminal",
            ])
        return try Data(contentsOf: core)
    }

    /// GRUB's first sector, with one partition to the end of the disk.
    private func masterBootRecord() throws -> Data {
        var record = [UInt8](try Data(contentsOf: URL(filePath: Programs.grub)))
        let sectors = Self.size / Self.sector - Self.firstSector
        let little = { (value: Int) in (0..<4).map { UInt8(value >> (8 * $0) & 0xFF) } }
        let entry =
            [0x80, 0x20, 0x21, 0, 0x0C, 0xFE, 0xFF, 0xFF] + little(Self.firstSector) + little(sectors)
        record.replaceSubrange(446..<512, with: entry + [UInt8](repeating: 0, count: 48) + [0x55, 0xAA])
        return Data(record)
    }

    private func run(_ program: String, _ arguments: [String]) throws {
        let made = try Command.run(URL(filePath: "/usr/bin/" + program), arguments)
        guard made.code == 0 else { throw Disappointment(made.errors) }
    }
}
