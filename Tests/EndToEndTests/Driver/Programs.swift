import Foundation
import ProgramDriver
import Testing

/// What the host has for machines.
extension Programs {
    static let machine = folder.appending(path: "viv-machine")

    /// Whether `viv boot busybox` will start at once; the first test that asks fills the cache, which
    /// takes a network and some minutes.
    static let hasBusybox: Bool = {
        if isUpdated("riscv64") { return true }
        let listed = try? Command.run(viv, ["guests", "--format", "json"])
        return listed?.output.contains("\"version\"") ?? false
    }()

    /// The same of its x86-64 relation.
    static let hasX86Busybox: Bool = {
        if isUpdated("x86_64") { return true }
        let listed = try? Command.run(viv, ["guests"])
        return listed?.output.contains(/busybox +x86_64 +[0-9]/) ?? false
    }()

    private static func isUpdated(_ arch: String) -> Bool {
        (try? Command.run(viv, ["guests", "update", "busybox", "--arch", arch], patience: 900))?.code == 0
    }

    static let compiler = "riscv64-linux-gnu-gcc"
    static let hasCompiler = FileManager.default.isExecutableFile(atPath: "/usr/bin/\(compiler)")

    /// Debian's OpenSBI and U-Boot for QEMU's board.
    static let openSBI = "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin"
    static let uBoot = "/usr/lib/u-boot/qemu-riscv64_smode/u-boot.bin"
    static let hasFirmware =
        FileManager.default.fileExists(atPath: openSBI) && FileManager.default.fileExists(atPath: uBoot)

    /// Debian's SeaBIOS; `viv` finds it where its package puts it, and so does the test that skips.
    static let hasSeaBIOS = FileManager.default.fileExists(atPath: "/usr/share/seabios/bios-256k.bin")

    /// Debian's OVMF, likewise, and what puts files onto a FAT file system.
    static let ovmfVariables = "/usr/share/OVMF/OVMF_VARS_4M.fd"
    static let hasUEFI =
        FileManager.default.fileExists(atPath: ovmfVariables)
        && FileManager.default.isExecutableFile(atPath: "/usr/bin/mcopy")

    /// A file beside the programs that is kept after the run, for people to look at.
    static func artefact(_ name: String) throws -> URL {
        let folder = folder.appending(path: "artefacts")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder.appending(path: name)
    }

    /// A disk of `size` bytes with nothing but this first sector, which a BIOS starts.
    static func bootDisk(_ name: String, size: UInt64, _ sector: [UInt8]) throws -> URL {
        let file = try disk(name, size: size)
        let handle = try FileHandle(forWritingTo: file)
        try handle.write(contentsOf: sector)
        try handle.seek(toOffset: 510)
        try handle.write(contentsOf: [0x55, 0xAA])
        try handle.close()
        return file
    }

    /// A file of `size` zero bytes in the scratch folder.
    static func disk(_ name: String, size: UInt64) throws -> URL {
        let file = scratch.appending(path: "\(name)-\(UUID().uuidString).img")
        _ = FileManager.default.createFile(atPath: file.path(), contents: nil)
        let handle = try FileHandle(forWritingTo: file)
        try handle.truncate(atOffset: size)
        try handle.close()
        return file
    }
}
