import Foundation
import ProgramDriver
import Testing

/// A PC from the command line to the exit code: SeaBIOS, a boot sector of the test's own, power off.
@Suite(.serialized, .enabled(if: Programs.hasSeaBIOS, "SeaBIOS is not installed (Debian: seabios)"))
struct PCTests {
    /// Prints what follows its code, then switches the machine off.
    private static let bootSector: [UInt8] =
        [
            0x31, 0xC0, 0x8E, 0xD8, 0xBE, 0x1C, 0x7C,  // xor ax,ax; mov ds,ax; mov si,text
            0xBA, 0xF8, 0x03,  // mov dx,0x3F8
            0xAC, 0x84, 0xC0, 0x74, 0x03, 0xEE, 0xEB, 0xF8,  // lodsb; test al,al; jz +3; out dx,al; jmp lodsb
            0xBA, 0x04, 0xB0, 0xB8, 0x00, 0x20, 0xEF,  // mov dx,0xB004; mov ax,0x2000; out dx,ax
            0xF4, 0xEB, 0xFD,  // hlt; jmp hlt
        ] + Array("Hello from a boot sector\n".utf8) + [0]

    private func disk(_ sector: [UInt8]) throws -> URL {
        try Programs.bootDisk("pc", size: 1 << 20, sector)
    }

    @Test func aDiskStartsByItsBootSector() throws {
        let image = try disk(Self.bootSector)
        let guest = try Guest(["--arch", "x86_64", "--board", "pc", "--disk", image.path(), "--net", "none"])
        try guest.expect("SeaBIOS (version")
        try guest.expect("Hello from a boot sector")
        #expect(try guest.exitCode() == 0)
    }

    /// A disc that boots by El Torito without emulation: a volume descriptor, a boot record, a catalogue, the image.
    private func disc(_ boot: [UInt8]) throws -> URL {
        func block(_ bytes: [UInt8]) -> [UInt8] { bytes + [UInt8](repeating: 0, count: 2048 - bytes.count) }
        let volume: [UInt8] = [1] + Array("CD001".utf8) + [1]
        let record = [0] + Array("CD001".utf8) + [1] + Array("EL TORITO SPECIFICATION".utf8)
        let recordBlock = block(record + [UInt8](repeating: 0, count: 71 - record.count) + [19, 0, 0, 0])
        // The words of the first entry have the sum zero.
        let validation: [UInt8] = [1, 0, 0, 0] + [UInt8](repeating: 0, count: 24) + [0xAA, 0x55, 0x55, 0xAA]
        let entry: [UInt8] = [0x88, 0, 0, 0, 0, 0, 4, 0, 20, 0, 0, 0]
        let end: [UInt8] = [0xFF] + Array("CD001".utf8) + [1]
        let file = try Programs.disk("disc", size: 64 << 10)
        let handle = try FileHandle(forWritingTo: file)
        try handle.seek(toOffset: 16 * 2048)
        for bytes in [volume, recordBlock, end, validation + entry, boot] {
            try handle.write(contentsOf: bytes.count == 2048 ? bytes : block(bytes))
        }
        try handle.close()
        return file
    }

    @Test func aDiscStartsBeforeADiskWhereTheOrderSaysSo() throws {
        let (image, disc) = (try disk([0xF4]), try disc(Self.bootSector))
        let guest = try Guest([
            "--cdrom", disc.path(), "--disk", image.path(), "--boot", "cdrom,disk", "--net", "none",
        ])
        try guest.expect("Booting from DVD/CD")
        try guest.expect("Hello from a boot sector")
        #expect(try guest.exitCode() == 0)
    }

    @Test func aFloppyDiskStartsByItself() throws {
        let file = try Programs.bootDisk("floppy", size: 1440 << 10, Self.bootSector)
        let guest = try Guest(["--floppy", file.path(), "--net", "none"])
        try guest.expect("Booting from Floppy")
        try guest.expect("Hello from a boot sector")
        #expect(try guest.exitCode() == 0)
    }

    @Test func whatDoesNotFitIsRefused() throws {
        for options in [
            ["--board", "pc"], ["--arch", "x86_64", "--board", "virt", "--kernel", "x"],
            ["--board", "micro", "--cdrom", "x"], ["--boot", "disk,disk"], ["--boot", "tape"],
        ] {
            #expect(try Command.run(Programs.viv, ["boot"] + options).code != 0)
        }
    }
}
