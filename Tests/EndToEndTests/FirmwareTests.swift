import Foundation
import ProgramDriver
import Testing

/// Other people's firmware, unmodified.
@Suite(.serialized, .enabled(if: Programs.hasFirmware, "Debian's opensbi and u-boot-qemu are not installed"))
struct FirmwareTests {
    @Test func openSBIStartsUBoot() throws {
        let guest = try Guest([
            "--firmware", Programs.openSBI, "--kernel", Programs.uBoot, "--cpus", "2", "--net", "none",
        ])
        try guest.expect("OpenSBI v")
        try guest.expect("U-Boot 20")
        try guest.expect("autoboot")
        guest.type("")
        try guest.expect("=> ")
        guest.type("poweroff")
        #expect(try guest.exitCode() == 0)
    }

    @Test(
        .enabled(if: Programs.hasBusybox, "the busybox guest can neither be found in the cache nor fetched"))
    func openSBIAndUBootStartLinux() throws {
        let disk = try kernelDisk()
        let guest = try Guest([
            "--firmware", Programs.openSBI, "--kernel", Programs.uBoot, "--net", "none", "--disk",
            disk.path() + ",readonly",
        ])
        try guest.expect("autoboot")
        guest.type("")
        try guest.expect("=> ")
        guest.type("setenv bootargs console=ttyS0; load virtio 0 ${kernel_addr_r} /Image")
        try guest.expect("bytes read")
        try guest.expect("=> ")
        guest.type("booti ${kernel_addr_r} - ${fdtcontroladdr}")
        try guest.expect("Linux version")
        // Without a root file system the kernel gives up, which is as far as this goes.
        try guest.expect("Unable to mount root fs")
        guest.program.signal(SIGKILL)
    }

    /// A file system with the catalogue's kernel.
    private func kernelDisk() throws -> URL {
        let environment = ProcessInfo.processInfo.environment
        let cache = environment["XDG_CACHE_HOME"] ?? (environment["HOME"] ?? "/") + "/.cache"
        let folder = Programs.scratch.appending(path: "boot-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        try FileManager.default.copyItem(
            atPath: cache + "/vivarium/guests/busybox-riscv64/kernel",
            toPath: folder.appending(path: "Image").path())
        let disk = try Programs.disk("boot", size: 96 << 20)
        let made = try Command.run(
            URL(filePath: "/sbin/mke2fs"), ["-q", "-t", "ext2", "-d", folder.path(), disk.path()])
        guard made.code == 0 else { throw Disappointment(made.errors) }
        return disk
    }
}
