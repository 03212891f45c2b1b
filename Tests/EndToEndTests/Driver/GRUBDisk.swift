import Foundation
import ProgramDriver

/// A PC's disk as others make them: a master boot record, GRUB in the gap behind it, and a FAT file system.
enum GRUBDisk {
    private static let boot = "/usr/lib/grub/i386-pc/boot.img"
    /// The first partition begins here.
    private static let firstSector = 2048
    private static let sector = 512

    /// What has to be installed.
    static let packages = "grub-common, grub-pc-bin, mtools"
    static let canBeMade = ([boot] + ["grub-mkimage", "mformat", "mcopy"].map { "/usr/bin/" + $0 })
        .allSatisfy { FileManager.default.fileExists(atPath: $0) }

    /// - Parameters:
    ///   - script: what GRUB does at once; the file system is `(hd0,msdos1)`.
    ///   - modules: of GRUB, beside those that read the file system.
    ///   - files: names in the file system, and what they are copies of.
    static func make(
        _ name: String, size: Int, script: String, modules: [String], files: KeyValuePairs<String, String>
    ) throws -> URL {
        let image = try Programs.disk(name, size: UInt64(size))
        let handle = try FileHandle(forUpdating: image)
        try handle.write(contentsOf: try masterBootRecord(size: size))
        try handle.write(contentsOf: try core(script, modules))
        try handle.close()
        let partition = "\(image.path())@@\(firstSector * sector)"
        try run("mformat", ["-i", partition, "-F", "::"])
        for (name, source) in files { try run("mcopy", ["-i", partition, source, "::" + name]) }
        return image
    }

    private static func core(_ script: String, _ modules: [String]) throws -> Data {
        let folder = Programs.scratch.appending(path: "grub-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        let (config, core) = (folder.appending(path: "early.cfg"), folder.appending(path: "core.img"))
        try Data("set root=(hd0,msdos1)\n\(script)\nboot\n".utf8).write(to: config)
        try run(
            "grub-mkimage",
            ["-O", "i386-pc", "-o", core.path(), "-p", "(hd0,msdos1)/boot", "-c", config.path()]
                + ["biosdisk", "part_msdos", "fat", "normal"] + modules)
        return try Data(contentsOf: core)
    }

    /// GRUB's first sector, with one partition to the end of the disk.
    private static func masterBootRecord(size: Int) throws -> Data {
        var record = [UInt8](try Data(contentsOf: URL(filePath: boot)))
        let sectors = size / sector - firstSector
        let little = { (value: Int) in (0..<4).map { UInt8(value >> (8 * $0) & 0xFF) } }
        let entry = [0x80, 0x20, 0x21, 0, 0x0C, 0xFE, 0xFF, 0xFF] + little(firstSector) + little(sectors)
        record.replaceSubrange(446..<512, with: entry + [UInt8](repeating: 0, count: 48) + [0x55, 0xAA])
        return Data(record)
    }

    private static func run(_ program: String, _ arguments: [String]) throws {
        let made = try Command.run(URL(filePath: "/usr/bin/" + program), arguments)
        guard made.code == 0 else { throw Disappointment(made.errors) }
    }
}
