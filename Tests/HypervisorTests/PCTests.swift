import Foundation
import Hypervisor
import Model
import Testing

/// The pc board, with firmware of a few bytes and with SeaBIOS.
struct PCTests {
    static let seaBIOS = "/usr/share/seabios/bios-256k.bin"
    static var hasSeaBIOS: Bool { FileManager.default.fileExists(atPath: seaBIOS) }

    /// mov dx, 0xB004; mov ax, 0x2000; out dx, ax; hlt
    static let powerOff: [UInt8] = [0xBA, 0x04, 0xB0, 0xB8, 0x00, 0x20, 0xEF, 0xF4]

    /// mov dx, 0x3F8; then mov al, character; out dx, al for each.
    private static func printing(_ text: String) -> [UInt8] {
        [0xBA, 0xF8, 0x03] + text.utf8.flatMap { [0xB0, $0, 0xEE] }
    }

    /// 64 KiB that begin with `code`, to which the reset vector jumps: jmp 0xF000:0.
    private static func firmware(_ code: [UInt8]) -> [UInt8] {
        var bytes = code + [UInt8](repeating: 0xF4, count: 65_536 - code.count)
        bytes.replaceSubrange(0xFFF0..<0xFFF5, with: [0xEA, 0, 0, 0, 0xF0])
        return bytes
    }

    private static func run(
        firmware: [UInt8], disk: [UInt8]? = nil, accelerator: Accelerator = .interpret,
        _ change: (Bench) -> Void = { _ in }
    ) throws -> (MachineEvent?, Bench) {
        let bench = try Bench()
        change(bench)
        let last = try bench.run {
            $0.arch = .x86
            $0.board = .pc
            $0.firmware = try Bench.file(firmware)
            $0.accelerator = accelerator
            if let disk {
                $0.disks = [DiskSpec(image: try Bench.file(disk), isReadOnly: false, name: "test")]
            }
        }
        return (last, bench)
    }

    @Test func theFirstInstructionIsSixteenBytesBelowTheEndOfFirmware() throws {
        let (last, bench) = try Self.run(firmware: Self.firmware(Self.printing("ROM\n") + Self.powerOff))
        #expect(last?.kind == .poweredOff)
        #expect(try bench.consoleText() == "ROM\n")
    }

    @Test(
        arguments: [
            [0xB0, 0xFE, 0xE6, 0x64], [0xB0, 0x03, 0xE6, 0x92], [0xBA, 0xF9, 0x0C, 0xB0, 0x06, 0xEE],
            // lidt [bx], whose words are zero there; int3: no vector for it, nor for what that raises.
            [0xBB, 0x00, 0x90, 0x0F, 0x01, 0x1F, 0xCC],
        ] as [[UInt8]]) func theMachineIsResetInEachOfTheOldWays(_ code: [UInt8]) throws
    {
        var boots = 0
        _ = try Self.run(firmware: Self.firmware(code + [0xF4])) { bench in
            bench.onEvent = { [unowned bench] event in
                guard event.kind == .rebooted else { return }
                boots += 1
                if boots == 2 { bench.machine?.kill("enough") }
            }
        }
        #expect(boots == 2)
    }

    @Test func theTimerInterruptsThroughTheOldControllers() throws {
        let code: [UInt8] = [
            0x31, 0xC0, 0x8E, 0xD8, 0x8E, 0xD0, 0xBC, 0x00, 0x70,  // segments 0, sp 0x7000
            0xC7, 0x06, 0x20, 0x00, 0x00, 0x01,  // mov word [0x20], 0x100: vector 8
            0xC7, 0x06, 0x22, 0x00, 0x00, 0xF0,  // mov word [0x22], 0xF000
            0xB0, 0x11, 0xE6, 0x20, 0xB0, 0x08, 0xE6, 0x21, 0xB0, 0x04, 0xE6, 0x21, 0xB0, 0x01, 0xE6, 0x21,
            0xB0, 0xFE, 0xE6, 0x21,  // all but input 0 masked
            0xB0, 0x34, 0xE6, 0x43, 0xB0, 0x00, 0xE6, 0x40, 0xB0, 0x10, 0xE6, 0x40,  // mode 2, 4096 ticks
            0x31, 0xC9, 0xFB, 0xF4, 0x83, 0xF9, 0x03, 0x75, 0xFA,  // xor cx,cx; sti; hlt; cmp cx,3; jne hlt
        ]
        let handler: [UInt8] = [0x41, 0xB0, 0x20, 0xE6, 0x20, 0xCF]  // inc cx; out 0x20, EOI; iret
        var bytes = Self.firmware(code + Self.printing("3\n") + Self.powerOff)
        bytes.replaceSubrange(0x100..<0x106, with: handler)
        let (last, bench) = try Self.run(firmware: bytes)
        #expect(last?.kind == .poweredOff)
        #expect(try bench.consoleText() == "3\n")
    }

    @Test func whatCannotBeIsRefused() throws {
        let good = Self.firmware([0xF4])
        let changes: [(inout MachineSpec) throws -> Void] = [
            { $0.firmware = nil }, { $0.cpuModel = .v3 }, { $0.memory = 4 << 30 },
            { $0.firmware = try Bench.file([1, 2, 3]) }, { $0.kernel = try Bench.file(good) },
        ]
        for change in changes {
            let bench = try Bench()
            #expect(throws: MachineError.self) {
                _ = try bench.assemble {
                    $0.arch = .x86
                    $0.board = .pc
                    $0.firmware = try Bench.file(good)
                    try change(&$0)
                }
            }
        }
    }

    // MARK: SeaBIOS

    /// A disk of two megabytes with `code` and the boot signature in its first sector, `text` in its second.
    private static func disk(_ code: [UInt8], _ text: String) -> [UInt8] {
        var bytes = code + [UInt8](repeating: 0, count: (2 << 20) - code.count)
        bytes.replaceSubrange(510..<512, with: [0x55, 0xAA])
        bytes.replaceSubrange(512..<512 + text.utf8.count, with: text.utf8)
        return bytes
    }

    @Test(
        .enabled(if: hasSeaBIOS, "SeaBIOS is not installed (Debian: seabios)"),
        arguments: [Accelerator.interpret, .auto])
    func firmwareStartsABootSectorThatReadsItsDiskThroughTheBIOS(_ accelerator: Accelerator) throws {
        let code: [UInt8] = [
            0x31, 0xC0, 0x8E, 0xD8, 0x8E, 0xC0,  // xor ax,ax; mov ds,ax; mov es,ax
            0xB8, 0x01, 0x02, 0xBB, 0x00, 0x7E, 0xB9, 0x02, 0x00, 0xB6, 0x00,  // CHS 0/0/2 to 0x7E00
            0xCD, 0x13, 0x72, 0x0E,  // int 0x13; jc off
            0xBE, 0x00, 0x7E, 0xBA, 0xF8, 0x03,  // mov si,0x7E00; mov dx,0x3F8
            0xAC, 0x84, 0xC0, 0x74, 0x03, 0xEE, 0xEB, 0xF8,  // lodsb … out dx,al
        ]
        let (last, bench) = try Self.run(
            firmware: Array(try Data(contentsOf: URL(fileURLWithPath: Self.seaBIOS))),
            disk: Self.disk(code + Self.powerOff, "a sector of the disk\n"), accelerator: accelerator)
        #expect(last?.kind == .poweredOff)
        #expect(try bench.consoleText().hasSuffix("a sector of the disk\n"))
    }
}
