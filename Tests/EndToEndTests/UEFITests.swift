import Foundation
import ProgramDriver
import Testing

/// A PC that starts by UEFI: OVMF, an EFI system partition's file system, an application of the test's own.
@Suite(
    .serialized,
    .enabled(if: Programs.hasUEFI, "Debian's ovmf and mtools are not installed"))
struct UEFITests {
    /// Prints a line at the serial port, then switches the machine off.
    private static let code: [UInt8] =
        [0x66, 0xBA, 0xF8, 0x03]  // mov dx,0x3F8
        + "Hello from UEFI\n".utf8.flatMap { [0xB0, $0, 0xEE] }  // mov al,…; out dx,al
        + [0x66, 0xBA, 0x04, 0xB0, 0x66, 0xB8, 0x00, 0x20, 0x66, 0xEF, 0xF4]

    /// A PE32+ image of one section (Microsoft's PE format): headers of 512 bytes, code of as many.
    private static var application: [UInt8] {
        func little(_ value: Int, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        func padded(_ bytes: [UInt8], _ count: Int) -> [UInt8] {
            bytes + [UInt8](repeating: 0, count: count - bytes.count)
        }
        let stub = padded(Array("MZ".utf8), 60) + little(64, 4)
        // x86-64, one section, the size of what follows, executable.
        let file =
            Array("PE\0\0".utf8) + little(0x8664, 2) + little(1, 2) + padded([], 12)
            + little(240, 2) + little(0x22, 2)
        // Entry and code at 0x1000, alignments of a page and of 512 bytes.
        var optional = little(0x20B, 2) + padded([], 14) + little(0x1000, 4) + little(0x1000, 4)
        optional += padded([], 8) + little(0x1000, 4) + little(0x200, 4) + padded([], 16)
        // Sizes of image and headers, an EFI application, 16 empty directories.
        optional += little(0x2000, 4) + little(0x200, 4) + padded([], 4) + little(10, 2) + padded([], 38)
        optional += little(16, 4) + padded([], 128)
        let section =
            padded(Array(".text".utf8), 8) + little(code.count, 4) + little(0x1000, 4)
            + little(0x200, 4) + little(0x200, 4) + padded([], 12) + little(0x6000_0020, 4)
        return padded(stub + file + optional + section, 512) + padded(code, 512)
    }

    private func systemDisk() throws -> URL {
        let image = try Programs.disk("esp", size: 4 << 20)
        let file = Programs.scratch.appending(path: "app-\(UUID().uuidString).efi")
        try Data(Self.application).write(to: file)
        for (program, arguments) in [
            ("mformat", ["-i", image.path(), "::"]), ("mmd", ["-i", image.path(), "::EFI", "::EFI/BOOT"]),
            ("mcopy", ["-i", image.path(), file.path(), "::EFI/BOOT/BOOTX64.EFI"]),
        ] {
            let made = try Command.run(URL(filePath: "/usr/bin/" + program), arguments)
            guard made.code == 0 else { throw Disappointment(made.errors) }
        }
        return image
    }

    @Test func anApplicationStartsFromItsPartitionAndVariablesAreKept() throws {
        let image = try systemDisk()
        let variables = Programs.scratch.appending(path: "variables-\(UUID().uuidString)")
        for _ in 0..<2 {
            let guest = try Guest([
                "--board", "pc", "--firmware", "uefi", "--nvram", variables.path(), "--disk", image.path(),
                "--net", "none",
            ])
            try guest.expect("BdsDxe: starting Boot")
            try guest.expect("Hello from UEFI")
            #expect(try guest.exitCode() == 0)
        }
        let (now, before) = (
            try Data(contentsOf: variables), try Data(contentsOf: URL(filePath: Programs.ovmfVariables))
        )
        #expect(now.count == before.count)
        // The firmware has written down what it found to start from: BootOrder, in UCS-2.
        #expect(now.range(of: Data("BootOrder".utf8.flatMap { [$0, 0] })) != nil)
        #expect(before.range(of: Data("BootOrder".utf8.flatMap { [$0, 0] })) == nil)
    }

    @Test func whatDoesNotFitIsRefused() throws {
        let options = ["--board", "pc", "--firmware", "bios", "--nvram", "x", "--net", "none"]
        #expect(try Command.run(Programs.viv, ["boot"] + options).code == 64)
    }
}
